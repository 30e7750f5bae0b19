namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>One pattern of a pre-tokenizer, as a hand-written matcher. A struct, so that the call is inlined.</summary>
public interface ISplitRule
{
    /// <summary>Tries the pattern at one place.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the match must start.</param>
    /// <param name="end">The end of the piece that is being split; nothing behind it is looked at.</param>
    /// <returns>Where the match ends, above <paramref name="at"/>; or <c>~next</c> when nothing matches before <c>next</c>.</returns>
    int Match(CodePoints text, int at, int end);
}

/// <summary>Splits every piece of a text further: each match becomes a piece, and so does what lies between two matches.</summary>
public abstract class SplitStage
{
    /// <summary>Splits pieces, given and returned as their ascending ends.</summary>
    public abstract void Split(CodePoints text, List<int> ends, List<int> result);
}

/// <summary>A stage of one rule.</summary>
public sealed class SplitStage<TRule>(TRule rule) : SplitStage where TRule : struct, ISplitRule
{
    /// <inheritdoc/>
    public override void Split(CodePoints text, List<int> ends, List<int> result)
    {
        TRule matcher = rule;
        int start = 0;
        foreach (int end in ends)
        {
            int at = start;
            while (at < end)
            {
                int found = matcher.Match(text, at, end);
                if (found < 0)
                {
                    at = ~found;
                    continue;
                }
                if (at > start)
                    result.Add(at);
                result.Add(found);
                start = at = found;
            }
            if (end > start)
                result.Add(end);
            start = end;
        }
    }
}
