namespace Tessera.Spec.Decoding.Sources;

/// <summary>A place in a text that a sequence repeats, followed token by token. After a divergence it is looked for by the sequence's last tokens, near where it was lost first; until it is found, a token is taken to have been replaced.</summary>
/// <param name="anywhere">Whether a lost place is looked for in all of the text, and for as long as it takes; else near where it was lost, for a while.</param>
internal sealed class Trail(bool anywhere)
{
    /// <summary>How far a single token is looked for: alone it says little.</summary>
    private const int Near = 16;

    /// <summary>Tokens after a divergence for which the place is guessed, and for which it is looked for near by.</summary>
    private const int MostGuesses = 2, Patience = 8;

    /// <summary>A text that was followed for so long is likely the right one: a place that is found in it again counts as so many tokens more.</summary>
    private const int LongRun = 8, Trust = 2;

    // The place behind the last token that was followed for certain; tokens since then; the last of them that agree with the place.
    private int _certain, _lost, _run, _trust;

    /// <summary>The place of the token that should come next; −1: it is lost.</summary>
    public int Next { get; private set; } = -1;

    /// <summary>How many tokens speak for it; 1 where it is guessed.</summary>
    public int Agreed { get; private set; }

    /// <summary>Goes to a place.</summary>
    /// <param name="next">The place of the token that should come next.</param>
    /// <param name="agreed">How many tokens speak for it.</param>
    public void Start(int next, int agreed) => (Next, Agreed, _certain, _lost, _trust) = (next, agreed, next, 0, 0);

    /// <summary>Gives its place up.</summary>
    public void Lose() => (Next, Agreed, _lost) = (-1, 0, 0);

    /// <summary>Takes the next token of a sequence in.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tokens">The sequence with the new token.</param>
    public void Follow(ReadOnlySpan<int> text, ReadOnlySpan<int> tokens)
    {
        bool expected = Next >= 0 && Next < text.Length && text[Next] == tokens[^1];
        if (expected && _lost == 0)
            Start(Next + 1, Agreed + 1);
        else if (expected)
            Start(Next + 1, _run + 1 + _trust);
        else if (anywhere || (Next >= 0 ? _lost <= Patience : _lost is > 0 and <= Patience))
            Search(text, tokens);
        else
            Lose();
    }

    private void Search(ReadOnlySpan<int> text, ReadOnlySpan<int> tokens)
    {
        if (_lost++ == 0)
            _trust = Next >= 0 && Agreed >= LongRun ? Trust : 0;
        int far = anywhere ? text.Length : Math.Min(text.Length, _certain + Near);
        for (int n = 3; n >= 2; n--)
            if (n <= tokens.Length && Find(text, tokens[^n..], Math.Max(0, _certain - n), far) is >= 0 and int at)
            {
                Start(at + n, n + _trust);
                return;
            }
        if (anywhere && tokens.Length >= 3 && Find(text, tokens[^3..], 0, _certain) is >= 0 and int back)
            Start(back + 3, 3);
        else if (Find(text, tokens[^1..], _certain, Math.Min(text.Length, _certain + Near)) is >= 0 and int one)
            (Next, Agreed, _run) = (one + 1, 1 + _trust, 1);
        else if (Next >= 0 && _lost <= MostGuesses)
            (Next, Agreed, _run) = (Next + 1, 1, 0);
        else
            (Next, Agreed, _run) = (-1, 0, 0);
    }

    private static int Find(ReadOnlySpan<int> text, ReadOnlySpan<int> tokens, int from, int to)
    {
        int at = from < to ? text[from..to].IndexOf(tokens) : -1;
        return at < 0 ? -1 : from + at;
    }
}
