namespace Tessera.Conformance.Interpreter;

/// <summary>One named cache: blocks of keys and values in doubles. A slot that was never written holds NaN, so that a wrong read shows.</summary>
internal sealed class ReferenceCache(CacheSpec spec, int blockTokens)
{
    private readonly List<double[]> _keys = [];
    private readonly List<double[]> _values = [];

    /// <summary>Sets the number of blocks.</summary>
    public void Resize(int count)
    {
        Resize(_keys, count, spec.KeyLength);
        Resize(_values, count, spec.ValueLength);
    }

    /// <summary>Copies a block.</summary>
    public void Copy(int source, int destination)
    {
        _keys[source].CopyTo(_keys[destination], 0);
        _values[source].CopyTo(_values[destination], 0);
    }

    /// <summary>The key of one head in one slot.</summary>
    public Span<double> Key(int block, int offset, int head) =>
        _keys[block].AsSpan((offset * spec.Heads + head) * spec.KeyLength, spec.KeyLength);

    /// <summary>The value of one head in one slot.</summary>
    public Span<double> Value(int block, int offset, int head) =>
        _values[block].AsSpan((offset * spec.Heads + head) * spec.ValueLength, spec.ValueLength);

    private void Resize(List<double[]> blocks, int count, int length)
    {
        if (count < blocks.Count)
            blocks.RemoveRange(count, blocks.Count - count);
        while (blocks.Count < count)
        {
            double[] block = new double[blockTokens * spec.Heads * length];
            Array.Fill(block, double.NaN);
            blocks.Add(block);
        }
    }
}
