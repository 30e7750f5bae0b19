using System.Text;
using Tessera.Tokenizers.Common.Splitting;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>Which pieces Metaspace puts a mark in front of.</summary>
internal enum PrependScheme
{
    /// <summary>Where the text begins.</summary>
    First,
    /// <summary>All.</summary>
    Always,
    /// <summary>None.</summary>
    Never,
}

/// <summary>Spaces become a mark, a mark is put in front unless there is one, and marks begin pieces.</summary>
internal sealed class Metaspace(int mark, PrependScheme scheme, bool split) : PieceStage
{
    public override void Apply(PieceBuffer pieces)
    {
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            bool wants = scheme == PrependScheme.Always || (scheme == PrependScheme.First && start == 0 && pieces.StartsText);
            if (wants && pieces.Text[start] != mark && pieces.Text[start] != ' ')
                pieces.NextText.Add(mark);
            for (int i = start; i < end; i++)
            {
                int point = pieces.Text[i] == ' ' ? mark : pieces.Text[i];
                if (split && point == mark && i > start)
                    pieces.Cut(pieces.NextText.Length);
                pieces.NextText.Add(point);
            }
            pieces.Cut(pieces.NextText.Length);
            start = end;
        }
        pieces.Commit();
    }
}

/// <summary>A space in front of each piece that has none.</summary>
internal sealed class PrefixSpace : PieceStage
{
    public override void Apply(PieceBuffer pieces)
    {
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            if (pieces.Text[start] != ' ')
                pieces.NextText.Add(' ');
            pieces.NextText.Add(pieces.Text, start, end);
            pieces.Cut(pieces.NextText.Length);
            start = end;
        }
        pieces.Commit();
    }
}

/// <summary>Each byte becomes its character in GPT-2's alphabet.</summary>
internal sealed class ByteLetters : PieceStage
{
    private readonly ByteAlphabet _alphabet = new();

    public override void Apply(PieceBuffer pieces)
    {
        Span<byte> bytes = stackalloc byte[4];
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            for (int i = start; i < end; i++)
                foreach (byte value in bytes[..new Rune(pieces.Text[i]).EncodeToUtf8(bytes)])
                    pieces.NextText.Add(_alphabet.Letter(value));
            pieces.Cut(pieces.NextText.Length);
            start = end;
        }
        pieces.Commit();
    }
}

/// <summary>Pieces of a fixed number of code points; the last may be shorter.</summary>
internal sealed class FixedLength(int length) : PieceStage
{
    public override void Apply(PieceBuffer pieces)
    {
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            for (long at = start + (long)length; at < end; at += length)
                pieces.Cut((int)at);
            pieces.Cut(end);
            start = end;
        }
        pieces.CommitEnds();
    }
}

/// <summary>Cuts where the script changes; spaces belong to any script, kana to Han. Spaces in front of the first script are left out.</summary>
internal sealed class ScriptRuns : PieceStage
{
    private readonly Scripts _scripts = Scripts.Instance;

    public override void Apply(PieceBuffer pieces)
    {
        int start = 0;
        foreach (int end in pieces.Ends)
        {
            Cut(pieces, start, end);
            start = end;
        }
        pieces.Commit();
    }

    private void Cut(PieceBuffer pieces, int start, int end)
    {
        int last = Scripts.Any, from = -1;
        CodePoints text = pieces.Text;
        for (int i = start; i < end; i++)
        {
            int script = _scripts.Of(text[i]);
            if (script == Scripts.Any || script == last)
                continue;
            if (from >= 0)
                Add(pieces, from, i);
            else if (i > 0 && pieces.NextText.Length == 0)
                pieces.StartsText = false;
            (from, last) = (i, script);
        }
        if (from >= 0)
            Add(pieces, from, end);
    }

    private static void Add(PieceBuffer pieces, int start, int end)
    {
        pieces.NextText.Add(pieces.Text, start, end);
        pieces.Cut(pieces.NextText.Length);
    }
}
