using System.Text;
using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe.Dna;

/// <summary>BPE for text, and for what stands between <c>&lt;dna&gt;</c> and <c>&lt;/dna&gt;</c> one token for each six bases; the last ones are filled up with A.</summary>
/// <remarks>A GGUF's <c>hybriddna</c>: its sixes end in U+E000, behind the token <c>&lt;oov&gt;</c>, so that none is spelled as a token of text is; the mark is no part of what they
/// stand for. A vocabulary whose tags or <c>&lt;oov&gt;</c> are missing or are control tokens has no such regions.</remarks>
internal sealed class DnaTokenizer : BpeTokenizer
{
    private const string Open = "<dna>", Close = "</dna>";
    private const int Bases = 6;

    private static ReadOnlySpan<byte> Mark => "\uE000"u8;

    private readonly int _open;
    private readonly int _close;
    private readonly int _unknownBases;
    private readonly ByteLookup _sixes;

    public DnaTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer) : this(assets, preTokenizer, WithoutMarks(assets.Tokens)) { }

    private DnaTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer, byte[][] shown) : base(assets, preTokenizer, shown)
    {
        _open = FindText(assets, "<dna>"u8);
        _close = FindText(assets, "</dna>"u8);
        _unknownBases = FindText(assets, "<oov>"u8);
        _sixes = new ByteLookup(Table.Pieces, id => shown[id] != assets.Tokens[id] && shown[id].Length == Bases);
    }

    protected override void EncodeSegment(ReadOnlySpan<char> text, List<int> ids)
    {
        bool hasRegions = _open >= 0 && _close >= 0 && _unknownBases >= 0;
        while (!text.IsEmpty)
        {
            int start = hasRegions ? text.IndexOf(Open) : -1;
            if (start != 0)
                base.EncodeSegment(start < 0 ? text : text[..start], ids);
            if (start < 0)
                return;
            ids.Add(_open);
            text = text[(start + Open.Length)..];
            int end = text.IndexOf(Close);
            EncodeBases(end < 0 ? text : text[..end], ids);
            if (end < 0)
                return;
            ids.Add(_close);
            text = text[(end + Close.Length)..];
        }
    }

    private void EncodeBases(ReadOnlySpan<char> text, List<int> ids)
    {
        Span<byte> six = stackalloc byte[Bases], character = stackalloc byte[4];
        int filled = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            foreach (byte value in character[..rune.EncodeToUtf8(character)])
            {
                six[filled++] = value is >= (byte)'a' and <= (byte)'z' ? (byte)(value - 'a' + 'A') : value;
                if (filled == Bases)
                {
                    AddSix(six, ids);
                    filled = 0;
                }
            }
        }
        if (filled == 0)
            return;
        six[filled..].Fill((byte)'A');
        AddSix(six, ids);
    }

    private void AddSix(ReadOnlySpan<byte> six, List<int> ids) => ids.Add(_sixes.Find(six) is >= 0 and int id ? id : _unknownBases);

    private int FindText(TokenizerAssets assets, ReadOnlySpan<byte> spelling) =>
        IndexOf(assets.Tokens, spelling) is >= 0 and int id && Table.IsText(id) ? id : -1;

    private static int IndexOf(byte[][] tokens, ReadOnlySpan<byte> spelling)
    {
        for (int id = 0; id < tokens.Length; id++)
            if (spelling.SequenceEqual(tokens[id]))
                return id;
        return -1;
    }

    private static byte[][] WithoutMarks(byte[][] tokens)
    {
        byte[][] shown = [.. tokens];
        int unknownBases = IndexOf(tokens, "<oov>"u8);
        for (int id = unknownBases + 1; unknownBases >= 0 && id < tokens.Length; id++)
            if (tokens[id].Length > Mark.Length && tokens[id].AsSpan().EndsWith(Mark))
                shown[id] = tokens[id][..^Mark.Length];
        return shown;
    }
}
