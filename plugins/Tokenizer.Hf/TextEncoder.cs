using System.Runtime.InteropServices;
using System.Text;
using Tessera.Tokenizer.Hf.Models;
using Tessera.Tokenizer.Hf.Normalizers;
using Tessera.Tokenizer.Hf.PreTokenizers;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Hf;

/// <summary>From text to ids, without what is put around a text. Immutable.</summary>
internal sealed class TextEncoder
{
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;
    private readonly Normalizer? _normalizer;
    private readonly PieceStage[] _stages;
    private readonly WordModel _model;
    private readonly Spare<Work> _spare = new(() => new Work());

    public TextEncoder(IReadOnlyList<AddedToken> added, Normalizer? normalizer, IEnumerable<PieceStage> stages, WordModel model)
    {
        (_normalizer, _stages, _model) = (normalizer, [.. stages], model);
        _raw = new AddedTokenMatcher(added.Where(t => !t.Normalized), t => t);
        _normalized = new AddedTokenMatcher(added.Where(t => t.Normalized), Normalize);
    }

    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids)
    {
        Work work = _spare.Rent();
        int at = 0;
        while (_raw.TryFind(text, at, options.ParseSpecial, options.SpecialBreaks, out SpecialMatch match))
        {
            if (match.Start > at)
                EncodeRaw(text, at, match.Start, options, work, ids);
            ids.Add(match.Id);
            at = match.End;
        }
        if (at < text.Length)
            EncodeRaw(text, at, text.Length, options, work, ids);
        if (work.IsSmall)
            _spare.Return(work);
    }

    private string Normalize(string text)
    {
        TextBuffer buffer = new();
        buffer.Set(text);
        _normalizer?.Apply(buffer);
        return buffer.Text.ToString();
    }

    // Text between added tokens: it is normalized, and those that are looked for in normalized text cut it again.
    private void EncodeRaw(ReadOnlySpan<char> whole, int start, int end, in EncodeOptions options, Work work, List<int> ids)
    {
        ReadOnlySpan<char> text = whole[start..end];
        bool startsText = start == 0;
        ReadOnlySpan<int> breaks = default;
        bool parse = options.ParseSpecial;
        if (parse && _normalized.HasSpecial && options.SpecialBreaks.Length > 0)
            parse = work.Breaks.TryMap(text, start, options.SpecialBreaks, _normalizer, out breaks);
        if (_normalizer is not null)
        {
            work.Text.Set(text);
            _normalizer.Apply(work.Text);
            text = work.Text.Text;
            startsText &= !work.Text.LostHead;
        }
        int at = 0;
        while (!_normalized.IsEmpty && _normalized.TryFind(text, at, parse, breaks, out SpecialMatch match))
        {
            if (match.Start > at)
                EncodePieces(text[at..match.Start], startsText && at == 0, work, ids);
            ids.Add(match.Id);
            at = match.End;
        }
        if (at < text.Length)
            EncodePieces(text[at..], startsText && at == 0, work, ids);
    }

    private void EncodePieces(ReadOnlySpan<char> text, bool startsText, Work work, List<int> ids)
    {
        if (_stages.Length == 0)
        {
            Span<byte> bytes = work.Utf8(3L * text.Length);
            _model.Encode(bytes[..Encoding.UTF8.GetBytes(text, bytes)], work.Model, ids);
            return;
        }
        PieceBuffer pieces = work.Pieces;
        pieces.Set(text, startsText);
        foreach (PieceStage stage in _stages)
            stage.Apply(pieces);
        CodePoints points = pieces.Text;
        int start = 0;
        foreach (int end in CollectionsMarshal.AsSpan(pieces.Ends))
        {
            Span<byte> bytes = work.Utf8(4L * (end - start));
            _model.Encode(bytes[..points.WriteUtf8(start, end, bytes)], work.Model, ids);
            start = end;
        }
    }

    private sealed class Work
    {
        private byte[] _utf8 = new byte[256];

        public TextBuffer Text { get; } = new();
        public PieceBuffer Pieces { get; } = new();
        public ModelWork Model { get; } = new();
        public BreakMap Breaks { get; } = new();

        // A long text's memory is not kept for the next.
        public bool IsSmall => _utf8.Length <= 1 << 18 && Text.Capacity <= 1 << 17 && Pieces.Capacity <= 1 << 17 && Model.IsSmall;

        public Span<byte> Utf8(long length)
        {
            if (_utf8.Length < length)
                _utf8 = new byte[checked((int)Math.Max(length, _utf8.Length * 2L))];
            return _utf8;
        }
    }
}
