namespace Tessera.Host.Api;

/// <summary>The first tokens of a text, for which no more of it is tokenized than they need: a text may be far longer than what is of use of it.</summary>
internal static class FirstTokens
{
    /// <summary>Characters that are tokenized for each token that is wanted: at first, and at most.</summary>
    private const int Usual = 8, Most = 256;

    /// <summary>At most so many tokens.</summary>
    public static IEnumerable<int> Of(ITokenizer tokenizer, string text, in EncodeOptions options, int count)
    {
        List<int> ids = [];
        long most = Math.Min(text.Length, (long)count * Most), length = Math.Min(most, (long)count * Usual);
        while (true)
        {
            tokenizer.Encode(text.AsSpan(0, Whole(text, (int)length)), options, ids);
            // The last token before a cut may be another one than in the whole text: one more than is wanted.
            if (ids.Count > count || length == most)
                return ids.Take(count);
            length = Math.Min(most, 2 * length);
            ids.Clear();
        }
    }

    /// <summary>A length that cuts no character in two.</summary>
    private static int Whole(string text, int length) =>
        length > 0 && length < text.Length && char.IsSurrogatePair(text[length - 1], text[length]) ? length - 1 : length;
}
