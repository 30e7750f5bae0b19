using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizers.Common.Decoding;

/// <summary>Turns a stream of tokens into bytes by their pieces.</summary>
/// <param name="table">The vocabulary.</param>
/// <param name="skipControl">Leaves out control and unknown tokens.</param>
/// <param name="stripFirstSpace">Leaves out one space at the start of the first token.</param>
/// <param name="cleanSpaces">Takes back the space before punctuation and contractions.</param>
public sealed class PieceDecoder(TokenTable table, bool skipControl, bool stripFirstSpace, bool cleanSpaces) : ITokenDecoder
{
    private SpaceCleaner _cleaner;
    private bool _started;

    /// <inheritdoc/>
    public int MaxBytes { get; } = table.Pieces.MaxLength + SpaceCleaner.MaxHeld;

    /// <inheritdoc/>
    public int Append(int id, Span<byte> destination)
    {
        ReadOnlySpan<byte> piece = table.Piece(id);
        CheckRoom(destination);
        if (skipControl && table.Kind(id) is (TokenKind.Control or TokenKind.Unknown))
            return 0;
        if (!_started && stripFirstSpace && piece.StartsWith(" "u8))
            piece = piece[1..];
        _started = true;
        if (!cleanSpaces)
        {
            piece.CopyTo(destination);
            return piece.Length;
        }
        int written = 0;
        foreach (byte value in piece)
            written += _cleaner.Push(value, destination[written..]);
        return written;
    }

    /// <inheritdoc/>
    public int Finish(Span<byte> destination)
    {
        CheckRoom(destination);
        return _cleaner.Finish(destination);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        _cleaner = default;
        _started = false;
    }

    private void CheckRoom(Span<byte> destination)
    {
        if (destination.Length < MaxBytes)
            throw new ArgumentException($"The destination has {destination.Length} bytes, {MaxBytes} are needed.", nameof(destination));
    }
}
