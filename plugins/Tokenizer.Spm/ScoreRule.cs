using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm;

/// <summary>Merges two neighbours whose bytes together are a token; the highest score first.</summary>
/// <param name="lookup">The tokens by their bytes.</param>
/// <param name="priorities">The priority of each token: the order of scores, reversed.</param>
/// <param name="memo">What was found before.</param>
/// <param name="text">The text's bytes.</param>
/// <param name="offset">Where in the text the word stands that is being merged.</param>
internal readonly struct ScoreRule(ByteLookup lookup, uint[] priorities, PairMemo memo, byte[] text, int offset) : IMergeRule
{
    public bool TryMerge(int left, int right, int start, int end, out uint priority, out int merged)
    {
        // Two tokens spell the same bytes wherever they stand; a symbol that is no token may be any.
        bool tokens = (left | right) >= 0;
        if (!tokens || !memo.TryFind(left, right, out merged))
        {
            merged = lookup.Find(text.AsSpan(offset + start, end - start));
            if (tokens)
                memo.Add(left, right, merged);
        }
        priority = merged >= 0 ? priorities[merged] : 0;
        return merged >= 0;
    }

    /// <summary>Maps scores to unsigned numbers in reversed order.</summary>
    /// <exception cref="ModelFormatException">A score is not a number.</exception>
    public static uint[] Priorities(float[] scores)
    {
        uint[] priorities = new uint[scores.Length];
        for (int id = 0; id < scores.Length; id++)
        {
            if (float.IsNaN(scores[id]))
                throw new ModelFormatException($"tokenizer.ggml.scores: the score of token {id} is not a number");
            // + 0f makes −0 and 0 equal. As integers, positive floats ascend and negative ones descend.
            uint bits = BitConverter.SingleToUInt32Bits(scores[id] + 0f);
            priorities[id] = (bits & 0x8000_0000) != 0 ? bits : ~bits & 0x7FFF_FFFF;
        }
        return priorities;
    }
}
