namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>The bytes of every token, back to back in one array.</summary>
public sealed class PieceStore
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    private PieceStore(byte[] bytes, int[] starts)
    {
        _bytes = bytes;
        _starts = starts;
        for (int id = 0; id < Count; id++)
            MaxLength = Math.Max(MaxLength, _starts[id + 1] - _starts[id]);
    }

    /// <summary>The number of tokens.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The length of the longest piece, in bytes.</summary>
    public int MaxLength { get; }

    /// <summary>The bytes of a token.</summary>
    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_starts[id], _starts[id + 1] - _starts[id]);

    /// <summary>Stores one piece for each token.</summary>
    /// <param name="count">The number of tokens.</param>
    /// <param name="write">Appends the bytes of the token with this id.</param>
    /// <exception cref="ModelFormatException">All pieces together exceed an array.</exception>
    public static PieceStore Build(int count, Action<int, List<byte>> write)
    {
        List<byte> all = new(count * 6);
        int[] starts = new int[count + 1];
        for (int id = 0; id < count; id++)
        {
            write(id, all);
            if (all.Count > 1 << 30)
                throw new ModelFormatException($"tokenizer.ggml.tokens: the first {id + 1} tokens spell more than 1 GiB");
            starts[id + 1] = all.Count;
        }
        return new PieceStore([.. all], starts);
    }
}
