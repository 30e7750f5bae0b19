using System.Text;

namespace Tessera.Engine.Generation;

/// <summary>
/// Turns one stream of tokens into text: holds back the bytes of an unfinished character, and text that may be the beginning of a stop string.
/// The step thread uses one to find stop strings, a reader one to get the text; both see the same tokens and so stop at the same place.
/// </summary>
public sealed class TextStream
{
    private readonly ITokenDecoder _decoder;
    private readonly byte[][] _stops;
    private readonly int _least;
    private byte[] _pending;
    private int _length, _tokens;

    /// <summary>Creates a stream.</summary>
    /// <param name="decoder">A decoder of its own.</param>
    /// <param name="stop">The stop strings; none is empty.</param>
    /// <param name="prompt">What the stream continues: some decoders treat a text's first token unlike the others.</param>
    public TextStream(ITokenDecoder decoder, IReadOnlyList<string> stop, ReadOnlySpan<int> prompt)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        _decoder = decoder;
        _stops = [.. stop.Select(Encoding.UTF8.GetBytes)];
        _pending = new byte[decoder.MaxBytes * 2 + _stops.Select(s => s.Length).DefaultIfEmpty().Max() + 4];
        if (!prompt.IsEmpty)
            decoder.Append(prompt[^1], _pending);
    }

    /// <summary>Creates the stream of a request's output: its stop strings count once they are completed by a token after its least ones.</summary>
    /// <param name="decoder">A decoder of its own.</param>
    /// <param name="request">The request.</param>
    public TextStream(ITokenDecoder decoder, GenerationRequest request)
        : this(decoder, (request ?? throw new ArgumentNullException(nameof(request))).Stop, request.Prompt) => _least = request.MinTokens;

    /// <summary>True once a stop string was found; nothing follows then.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Adds a token and appends the text that is now certain.</summary>
    /// <param name="token">The token.</param>
    /// <param name="text">Takes the text; null where only <see cref="Stopped"/> matters.</param>
    public void Append(int token, StringBuilder? text)
    {
        if (Stopped)
            return;
        Reserve();
        int before = _length;
        _tokens++;
        _length += _decoder.Append(token, _pending.AsSpan(_length));
        Release(before, text, atEnd: false);
    }

    /// <summary>Appends what was held back, at the end of the stream. Bytes that are no character become U+FFFD.</summary>
    public void Finish(StringBuilder? text)
    {
        if (Stopped)
            return;
        Reserve();
        int before = _length;
        _length += _decoder.Finish(_pending.AsSpan(_length));
        Release(before, text, atEnd: true);
    }

    private void Reserve()
    {
        if (_pending.Length - _length < _decoder.MaxBytes)
            Array.Resize(ref _pending, _pending.Length * 2 + _decoder.MaxBytes);
    }

    private void Release(int before, StringBuilder? text, bool atEnd)
    {
        int end = FindStop(before);
        Stopped = end >= 0;
        if (!Stopped)
            end = atEnd ? _length : Math.Min(CompleteCharacters(), SafeBeforeStop());
        if (end > 0)
            text?.Append(Encoding.UTF8.GetString(_pending, 0, end));
        _pending.AsSpan(end, _length - end).CopyTo(_pending);
        _length -= end;
    }

    /// <summary>The start of the earliest stop string that the new bytes complete, or −1.</summary>
    private int FindStop(int before)
    {
        int best = -1;
        if (_tokens <= _least)
            return best;
        foreach (byte[] stop in _stops)
        {
            int from = Math.Max(0, before - stop.Length + 1);
            int at = _pending.AsSpan(from, _length - from).IndexOf(stop);
            if (at >= 0 && (best < 0 || from + at < best))
                best = from + at;
        }
        return best;
    }

    /// <summary>The number of bytes before the longest tail that begins a stop string.</summary>
    private int SafeBeforeStop()
    {
        int safe = _length;
        foreach (byte[] stop in _stops)
            for (int tail = Math.Min(stop.Length - 1, _length); tail > 0; tail--)
                if (_pending.AsSpan(_length - tail, tail).SequenceEqual(stop.AsSpan(0, tail)))
                {
                    safe = Math.Min(safe, _length - tail);
                    break;
                }
        return safe;
    }

    /// <summary>The number of bytes before a UTF-8 character that is not complete yet.</summary>
    private int CompleteCharacters()
    {
        for (int back = 1; back <= 3 && back <= _length; back++)
        {
            byte b = _pending[_length - back];
            if ((b & 0xC0) == 0x80)
                continue;
            int need = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return need > back ? _length - back : _length;
        }
        return _length;
    }
}
