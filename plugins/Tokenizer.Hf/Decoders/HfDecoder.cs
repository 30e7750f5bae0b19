namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>Decodes one stream of tokens as the whole of it would be decoded.</summary>
/// <remarks>Bytes in a row are held back until something else comes: if all of them together are no UTF-8, each is U+FFFD. After <see cref="LongestRun"/> bytes
/// they are judged as they stand.</remarks>
/// <param name="table">What tokens are decoded to.</param>
/// <param name="skips">Whether a token is left out, by id.</param>
internal sealed class HfDecoder(DecoderTable table, bool[] skips) : ITokenDecoder
{
    private const int LongestRun = 256;
    private const int MostBytes = 1 << 24;
    private const int None = -1;

    private readonly TextFilter[] _filters = [.. table.Recipe.Filters.Select(make => make())];
    private readonly TokenSteps _after = new(table.Recipe.After, 3 * LongestRun);
    private readonly byte[] _run = new byte[LongestRun];
    private ByteBuffer _output = new(Bound(table)), _filtered = new(Bound(table));
    private int _runLength;
    private int _waiting = None;
    private int _previous = None;
    private bool _isFirst = true;

    /// <inheritdoc/>
    public int MaxBytes { get; } = Bound(table);

    /// <inheritdoc/>
    public int Append(int id, Span<byte> destination)
    {
        if ((uint)id >= (uint)table.Count)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"Token {id} is not one of the {table.Count} of the vocabulary.");
        CheckRoom(destination);
        if (skips[id] || (table.Recipe.DropsRepeats && id == _previous))
            return 0;
        _previous = id;
        if (table.KnowsLast)
            (id, _waiting) = (_waiting, id);
        if (id == None)
            return 0;
        _output.Clear();
        Emit(id, last: false);
        return Filter(destination, finish: false);
    }

    /// <inheritdoc/>
    public int Finish(Span<byte> destination)
    {
        CheckRoom(destination);
        _output.Clear();
        if (_waiting != None)
            Emit(_waiting, last: true);
        EndRun();
        int written = Filter(destination, finish: true);
        Reset();
        return written;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        foreach (TextFilter filter in _filters)
            filter.Finish(_filtered);
        _filtered.Clear();
        (_runLength, _waiting, _previous, _isFirst) = (0, None, None, true);
    }

    private static int Bound(DecoderTable table)
    {
        // A byte may become U+FFFD, a piece may have a space in front.
        long bound = table.Longest + 1;
        if (table.Recipe.JoinsBytes)
            bound += table.Recipe.After.Aggregate(3L * LongestRun, (bytes, step) => Math.Min(bytes * step.Growth, int.MaxValue));
        foreach (TextFilter filter in table.Recipe.Filters.Select(make => make()))
            bound = Math.Min((bound + filter.MostHeld) * filter.Growth, int.MaxValue);
        return bound <= MostBytes ? (int)bound : throw new UnsupportedModelException($"tokenizer.json: decoder: a token may become {bound} bytes, which is not supported");
    }

    private void Emit(int id, bool last)
    {
        int value = table.Byte(id);
        if (value >= 0)
        {
            if (_runLength == LongestRun)
                EndRun();
            _run[_runLength++] = (byte)value;
            return;
        }
        EndRun();
        if (table.Recipe.SpacesTokens && !_isFirst)
            _output.Add((byte)' ');
        _output.Add(table.Piece(id, _isFirst, last));
        _isFirst = false;
    }

    private void EndRun()
    {
        if (_runLength == 0)
            return;
        ReadOnlySpan<byte> run = _run.AsSpan(0, _runLength);
        if (System.Text.Unicode.Utf8.IsValid(run))
            Add(run);
        else
            for (int i = 0; i < _runLength; i++)
                Add("\uFFFD"u8);
        _runLength = 0;
    }

    private void Add(ReadOnlySpan<byte> token)
    {
        _output.Add(_after.Apply(token, _isFirst, last: false));
        _isFirst = false;
    }

    private int Filter(Span<byte> destination, bool finish)
    {
        foreach (TextFilter filter in _filters)
        {
            _filtered.Clear();
            filter.Push(_output.Bytes, _filtered);
            if (finish)
                filter.Finish(_filtered);
            (_output, _filtered) = (_filtered, _output);
        }
        _output.Bytes.CopyTo(destination);
        return _output.Length;
    }

    private void CheckRoom(Span<byte> destination)
    {
        if (destination.Length < MaxBytes)
            throw new ArgumentException($"The destination has {destination.Length} bytes, {MaxBytes} are needed.", nameof(destination));
    }
}
