namespace Tessera.Tokenizers.Common.Decoding;

/// <summary>Takes back the spaces that some vocabularies put before punctuation and contractions, byte by byte: three filters in a row.</summary>
/// <remarks>What llama.cpp does to a whole text with <c>clean_spaces</c>: <c>" ?"</c>, then <c>" ' "</c>, then <c>" 's"</c>, <c>" 'm"</c>, <c>" 're"</c>, <c>" 've"</c>.</remarks>
internal struct SpaceCleaner
{
    /// <summary>The most bytes that are held back.</summary>
    public const int MaxHeld = 6;

    private bool _punctuationSpace;  // " "
    private byte _quoteHeld;         // 1: " ", 2: " '"
    private byte _contractionHeld;   // 1: " ", 2: " '", 3: " 'r" or " 'v"
    private byte _contractionLetter;

    public int Push(byte value, Span<byte> destination)
    {
        int written = 0;
        if (_punctuationSpace && value is not ((byte)'?' or (byte)'!' or (byte)'.' or (byte)','))
            written = PushQuote((byte)' ', destination);
        _punctuationSpace = value == ' ';
        return _punctuationSpace ? written : written + PushQuote(value, destination[written..]);
    }

    public int Finish(Span<byte> destination)
    {
        int written = _punctuationSpace ? PushQuote((byte)' ', destination) : 0;
        int held = _quoteHeld;
        if (held >= 1)
            written += PushContraction((byte)' ', destination[written..]);
        if (held == 2)
            written += PushContraction((byte)'\'', destination[written..]);
        written += FlushContraction(destination[written..]);
        this = default;
        return written;
    }

    private int PushQuote(byte value, Span<byte> destination)
    {
        int written = 0;
        switch (_quoteHeld)
        {
            case 1 when value == '\'':
                _quoteHeld = 2;
                return 0;
            case 2 when value == ' ':
                _quoteHeld = 0;
                return PushContraction((byte)'\'', destination);
            case 1:
                written = PushContraction((byte)' ', destination);
                break;
            case 2:
                written = PushContraction((byte)' ', destination);
                written += PushContraction((byte)'\'', destination[written..]);
                break;
        }
        _quoteHeld = value == ' ' ? (byte)1 : (byte)0;
        return value == ' ' ? written : written + PushContraction(value, destination[written..]);
    }

    private int PushContraction(byte value, Span<byte> destination)
    {
        switch (_contractionHeld)
        {
            case 1 when value == '\'':
                _contractionHeld = 2;
                return 0;
            case 2 when value is (byte)'r' or (byte)'v':
                (_contractionHeld, _contractionLetter) = (3, value);
                return 0;
            case 2 when value is (byte)'s' or (byte)'m':
                (destination[0], destination[1]) = ((byte)'\'', value);
                _contractionHeld = 0;
                return 2;
            case 3 when value == 'e':
                (destination[0], destination[1], destination[2]) = ((byte)'\'', _contractionLetter, value);
                _contractionHeld = 0;
                return 3;
        }
        int written = FlushContraction(destination);
        if (value == ' ')
            _contractionHeld = 1;
        else
            destination[written++] = value;
        return written;
    }

    private int FlushContraction(Span<byte> destination)
    {
        int written = _contractionHeld;
        if (written >= 1)
            destination[0] = (byte)' ';
        if (written >= 2)
            destination[1] = (byte)'\'';
        if (written == 3)
            destination[2] = _contractionLetter;
        _contractionHeld = 0;
        return written;
    }
}
