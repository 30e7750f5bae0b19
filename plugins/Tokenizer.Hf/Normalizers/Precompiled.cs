using System.Globalization;
using System.Text;
using Tessera.Tokenizers.Common.Normalization;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>SentencePiece's character map, applied as the tokenizers library does: to short grapheme clusters as a whole, else to each code point.</summary>
/// <remarks>A cluster of fewer than 6 bytes that starts with anything in the map becomes what that start becomes, whatever follows in the cluster.</remarks>
internal sealed class Precompiled(CharsMap map) : Normalizer
{
    private const int LongestCluster = 5;

    public override void Apply(TextBuffer text)
    {
        ReadOnlySpan<char> rest = text.Text;
        Span<byte> bytes = stackalloc byte[16];
        while (!rest.IsEmpty)
        {
            int length = StringInfo.GetNextTextElementLength(rest);
            ReadOnlySpan<char> cluster = rest[..length];
            rest = rest[length..];
            // A UTF-16 unit is a byte at least.
            if (length <= LongestCluster && Encoding.UTF8.GetByteCount(cluster) <= LongestCluster
                && Replace(bytes[..Encoding.UTF8.GetBytes(cluster, bytes)], text))
                continue;
            while (!cluster.IsEmpty)
            {
                Rune.DecodeFromUtf16(cluster, out Rune rune, out int used);
                cluster = cluster[used..];
                if (!Replace(bytes[..rune.EncodeToUtf8(bytes)], text))
                    text.Write(rune);
            }
        }
        text.Commit();
    }

    private bool Replace(ReadOnlySpan<byte> part, TextBuffer text)
    {
        if (map.Match(part, longest: false, out ReadOnlySpan<byte> replacement) == 0)
            return false;
        if (replacement.IsEmpty)
            text.Skip();
        text.Advance(Encoding.UTF8.GetChars(replacement, text.GetSpan(replacement.Length)));
        return true;
    }
}
