using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe;

/// <summary>Which two tokens merge to which, and in what order.</summary>
/// <remarks>A merge of which the left, the right or the result is not in the vocabulary never applies; of equal merges the first counts.</remarks>
internal static class MergeTable
{
    /// <summary>Reads "left right" lines.</summary>
    /// <param name="merges">The lines.</param>
    /// <param name="spell">Writes the bytes of a spelling, three a character at most, and returns their number; −1 where it stands for none.</param>
    /// <param name="lookup">The tokens by their bytes.</param>
    /// <exception cref="ModelFormatException">A line is not two spellings.</exception>
    public static PairTable Read(string[] merges, MergeSpelling spell, ByteLookup lookup)
    {
        PairTable table = new(merges.Length);
        byte[] buffer = [];
        for (int rank = 0; rank < merges.Length; rank++)
        {
            ReadOnlySpan<char> line = merges[rank];
            // A spelling may itself begin with a space.
            int space = line.Length > 2 ? line[1..].IndexOf(' ') + 1 : 0;
            if (space == 0 || space == line.Length - 1)
                throw new ModelFormatException($"tokenizer.ggml.merges: line {rank} is '{line}', expected two spellings with a space between");
            if (buffer.Length < line.Length * 3L)
                buffer = new byte[checked(line.Length * 3)];
            int left = spell(line[..space], buffer);
            int right = left < 0 ? -1 : spell(line[(space + 1)..], buffer.AsSpan(left));
            if (right < 0)
                continue;
            int leftId = lookup.Find(buffer.AsSpan(0, left));
            int rightId = lookup.Find(buffer.AsSpan(left, right));
            int merged = lookup.Find(buffer.AsSpan(0, left + right));
            if (leftId >= 0 && rightId >= 0 && merged >= 0)
                table.TryAdd(leftId, rightId, (long)rank << 32 | (uint)merged);
        }
        return table;
    }
}

/// <summary>Writes the bytes that a spelling in a merge stands for.</summary>
internal delegate int MergeSpelling(ReadOnlySpan<char> spelling, Span<byte> destination);
