using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>A text and the pieces that it is cut into, back to back. A stage cuts further, or writes a new text and commits it.</summary>
internal sealed class PieceBuffer
{
    // More than any pre-tokenizers of real models make of a text; one stage makes four times as much at most.
    private const long MostGrowth = 64;
    private const long Slack = 1 << 16;

    private long _limit;

    /// <summary>The text.</summary>
    public CodePoints Text { get; private set; } = new();

    /// <summary>Where each piece ends, ascending.</summary>
    public List<int> Ends { get; private set; } = [];

    /// <summary>Whether the first piece stands where the original text begins.</summary>
    public bool StartsText { get; set; }

    /// <summary>What a stage writes.</summary>
    public CodePoints NextText { get; private set; } = new();

    /// <summary>The ends that a stage writes.</summary>
    public List<int> NextEnds { get; private set; } = [];

    public int Capacity => Math.Max(Text.Capacity, NextText.Capacity);

    public void Set(ReadOnlySpan<char> text, bool startsText)
    {
        Text.Set(text);
        _limit = Math.Min(MostGrowth * text.Length + Slack, Array.MaxLength / 8);
        Ends.Clear();
        if (Text.Length > 0)
            Ends.Add(Text.Length);
        NextEnds.Clear();
        NextText.Clear();
        StartsText = startsText;
    }

    /// <summary>Ends a piece of the new cut, unless it is empty.</summary>
    public void Cut(int end)
    {
        if (end > (NextEnds.Count == 0 ? 0 : NextEnds[^1]))
            NextEnds.Add(end);
    }

    /// <summary>The new ends take the place of the old.</summary>
    public void CommitEnds()
    {
        (Ends, NextEnds) = (NextEnds, Ends);
        NextEnds.Clear();
    }

    /// <summary>The new text and ends take the place of the old.</summary>
    public void Commit()
    {
        CommitEnds();
        (Text, NextText) = (NextText, Text);
        NextText.Clear();
        if (Text.Length > _limit)
            throw new TesseraException($"tokenizer.json: pre_tokenizer: a text becomes more than {MostGrowth} times as long, which is not supported");
    }
}

/// <summary>A pre-tokenizer: cuts pieces into smaller ones, leaves some out, may rewrite them. Immutable.</summary>
internal abstract class PieceStage
{
    public abstract void Apply(PieceBuffer pieces);
}

/// <summary>One of the hand-written splitters: what it matches and what lies between are pieces.</summary>
internal sealed class RuleStage(SplitStage rule) : PieceStage
{
    public override void Apply(PieceBuffer pieces)
    {
        rule.Split(pieces.Text, pieces.Ends, pieces.NextEnds);
        pieces.CommitEnds();
    }
}
