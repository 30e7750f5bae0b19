using System.Runtime.InteropServices;
using System.Text;
using Tessera.Tokenizers.Common.Patterns;
using Tessera.Tokenizers.Common.Splitting;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>What a decoder does to one token's text. Immutable.</summary>
internal abstract class TokenStep
{
    /// <summary>Whether it does something else to the first token.</summary>
    public virtual bool KnowsFirst => false;

    /// <summary>Whether it does something else to the last token.</summary>
    public virtual bool KnowsLast => false;

    /// <summary>How many bytes one byte of a token may become.</summary>
    public virtual int Growth => 1;

    /// <summary>Makes a filter that does the same to a text that comes in parts; null where there is none.</summary>
    public virtual Func<TextFilter>? InText() => null;

    /// <summary>Appends what the token becomes.</summary>
    public abstract void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result);
}

/// <summary>One text for another.</summary>
internal sealed class ReplaceBytes(byte[] old, byte[] content) : TokenStep
{
    public ReplaceBytes(string old, string content) : this(Encoding.UTF8.GetBytes(old), Encoding.UTF8.GetBytes(content)) { }

    public override int Growth => content.Length <= old.Length ? 1 : content.Length;

    public override Func<TextFilter>? InText() => old.Length == 0 ? null : () => new ReplaceInText(old, content);

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result)
    {
        for (int at = old.Length == 0 ? -1 : token.IndexOf(old); ; at = token.IndexOf(old))
        {
            if (at < 0)
            {
                result.Add(token);
                return;
            }
            result.Add(token[..at]);
            result.Add(content);
            token = token[(at + old.Length)..];
        }
    }
}

/// <summary>A text for each match of a pattern. Allocates: for whole vocabularies at load only.</summary>
internal sealed class ReplaceMatches(TextPattern pattern, string content) : TokenStep
{
    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result)
    {
        CodePoints points = new();
        points.Set(Encoding.UTF8.GetString(token));
        PatternSearch search = new(pattern);
        search.Start(points, 0, points.Length);
        Span<byte> utf8 = new byte[4 * points.Length];
        int at = 0;
        while (search.TryNext(out int start, out int end))
        {
            result.Add(utf8[..points.WriteUtf8(at, start, utf8)]);
            result.Add(Encoding.UTF8.GetBytes(content));
            at = end;
        }
        result.Add(utf8[..points.WriteUtf8(at, points.Length, utf8)]);
    }
}

/// <summary>So many of one character at the token's start and end go.</summary>
internal sealed class StripBytes(byte[] content, int start, int stop) : TokenStep
{
    public override Func<TextFilter>? InText() => () => new StripText(content, start, stop);

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result)
    {
        for (int i = 0; i < start && token.StartsWith(content); i++)
            token = token[content.Length..];
        for (int i = 0; i < stop && token.EndsWith(content); i++)
            token = token[..^content.Length];
        result.Add(token);
    }
}

/// <summary>Marks become spaces; those of the first token go.</summary>
internal sealed class UnmarkWords(byte[] mark, bool dropsFirst) : TokenStep
{
    private readonly ReplaceBytes _drop = new(mark, []);
    private readonly ReplaceBytes _space = new(mark, [(byte)' ']);

    public override bool KnowsFirst => dropsFirst;

    // The text is one token, and the first.
    public override Func<TextFilter>? InText() => (dropsFirst ? _drop : _space).InText();

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result) =>
        (first && dropsFirst ? _drop : _space).Apply(token, first, last, result);
}

/// <summary>WordPiece: a token without the prefix gets a space in front, unless it is the first.</summary>
internal sealed class JoinWords(byte[] prefix) : TokenStep
{
    public override bool KnowsFirst => true;

    public override int Growth => 2;

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result)
    {
        if (first)
        {
            result.Add(token);
            return;
        }
        if (token.StartsWith(prefix))
        {
            result.Add(token[prefix.Length..]);
            return;
        }
        result.Add((byte)' ');
        result.Add(token);
    }
}

/// <summary>BPE: a suffix becomes a space, in the last token nothing.</summary>
internal sealed class EndWords(byte[] suffix) : TokenStep
{
    private readonly ReplaceBytes _drop = new(suffix, []);
    private readonly ReplaceBytes _space = new(suffix, [(byte)' ']);

    public override bool KnowsLast => true;

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result) =>
        (last ? _drop : _space).Apply(token, first, last, result);
}

/// <summary>GPT-2's alphabet back to bytes; a token that leaves it stays as it is.</summary>
internal sealed class LettersToBytes : TokenStep
{
    private readonly ByteAlphabet _alphabet = new();

    public override void Apply(ReadOnlySpan<byte> token, bool first, bool last, ByteBuffer result)
    {
        List<byte> bytes = new(token.Length);
        result.Add(_alphabet.TryDecode(token, bytes) ? CollectionsMarshal.AsSpan(bytes) : token);
    }
}

/// <summary>Several steps, one after the other.</summary>
internal sealed class TokenSteps(IReadOnlyList<TokenStep> steps, int capacity = 64)
{
    private const int LongestToken = 1 << 16;

    private ByteBuffer _from = new(capacity), _to = new(capacity);

    /// <summary>What a token becomes; valid until the next call.</summary>
    public ReadOnlySpan<byte> Apply(ReadOnlySpan<byte> token, bool first, bool last)
    {
        if (steps.Count == 0)
            return token;
        _from.Clear();
        _from.Add(token);
        foreach (TokenStep step in steps)
        {
            _to.Clear();
            step.Apply(_from.Bytes, first, last, _to);
            (_from, _to) = (_to, _from);
            if (_from.Length > LongestToken)
                throw new UnsupportedModelException($"tokenizer.json: decoder: a token becomes longer than {LongestToken} bytes, which is not supported");
        }
        return _from.Bytes;
    }
}
