using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Normalization;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm.Normalization;

/// <summary>A text that a character map rewrites; user-defined tokens in it stay as they are.</summary>
/// <param name="map">The map.</param>
/// <param name="kept">User-defined tokens.</param>
/// <param name="escape">Whether a space becomes a mark.</param>
internal abstract class MappedNormalizer(CharsMap map, ByteTrie kept, bool escape) : TextNormalizer
{
    protected ReadOnlySpan<byte> Space => escape ? WordMarks.Utf8 : " "u8;

    /// <summary>What the start of a text becomes, and how much of the text that is.</summary>
    protected int Next(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> piece)
    {
        int length = kept.Longest(text).Length;
        if (length == 0)
        {
            length = map.Match(text, longest: true, out piece);
            if (length > 0)
                return length;
            length = text[0] switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
        }
        piece = text[..length];
        return length;
    }
}

/// <summary>SentencePiece's own rules: <see href="https://github.com/google/sentencepiece/blob/master/src/normalizer.cc">normalizer.cc</see>.</summary>
internal sealed class SentenceNormalizer(CharsMap map, ByteTrie kept, NormalizerRules rules) : MappedNormalizer(map, kept, rules.EscapeSpaces)
{
    public override void Write(ReadOnlySpan<char> text, NormalText raw, NormalText result)
    {
        raw.Append(text);
        ReadOnlySpan<byte> rest = raw.Span;
        if (rules.RemoveExtraSpaces)
            while (!rest.IsEmpty && Next(rest, out ReadOnlySpan<byte> space) is var used && space.SequenceEqual(" "u8))
                rest = rest[used..];
        if (rest.IsEmpty)
            return;
        int start = result.Length;
        if (rules.AddPrefix && !rules.SpaceIsSuffix)
            result.Append(Space);
        bool afterSpace = rules.RemoveExtraSpaces;
        while (!rest.IsEmpty)
        {
            rest = rest[Next(rest, out ReadOnlySpan<byte> piece)..];
            while (afterSpace && piece.StartsWith(" "u8))
                piece = piece[1..];
            foreach (byte value in piece)
            {
                if (value == ' ')
                    result.Append(Space);
                else
                    result.Append(value);
            }
            if (!piece.IsEmpty)
                afterSpace = rules.RemoveExtraSpaces && piece[^1] == ' ';
        }
        if (rules.RemoveExtraSpaces)
            while (result.Span[start..].EndsWith(Space))
                result.Cut(result.Length - Space.Length);
        if (rules.AddPrefix && rules.SpaceIsSuffix)
            result.Append(Space);
    }
}

/// <summary>llama.cpp's rules for <c>t5</c>: a space in front of the first word, or, where runs of spaces become one, of every word.</summary>
internal sealed class WordNormalizer(CharsMap map, ByteTrie kept, NormalizerRules rules) : MappedNormalizer(map, kept, rules.EscapeSpaces)
{
    public override void Write(ReadOnlySpan<char> text, NormalText raw, NormalText result)
    {
        raw.Append(text);
        ReadOnlySpan<byte> rest = raw.Span;
        bool prepended = false, inWord = false;
        while (!rest.IsEmpty)
        {
            rest = rest[Next(rest, out ReadOnlySpan<byte> piece)..];
            foreach (byte value in piece)
            {
                if (value == ' ')
                {
                    inWord = false;
                    if (!rules.RemoveExtraSpaces)
                        result.Append(Space);
                    continue;
                }
                if (!inWord && (rules.RemoveExtraSpaces || (rules.AddPrefix && !prepended)))
                {
                    result.Append(Space);
                    prepended = true;
                }
                inWord = true;
                result.Append(value);
            }
        }
    }
}

/// <summary>What a vocabulary wants done to spaces.</summary>
/// <param name="AddPrefix">One more at the start of a text.</param>
/// <param name="RemoveExtraSpaces">Runs become one, none at the start and at the end.</param>
/// <param name="EscapeSpaces">Marks stand for spaces.</param>
/// <param name="SpaceIsSuffix">The one more is at the end.</param>
internal readonly record struct NormalizerRules(bool AddPrefix, bool RemoveExtraSpaces, bool EscapeSpaces, bool SpaceIsSuffix);
