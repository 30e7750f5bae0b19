using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>The rotations of a step's rows by one table: made once per step, in double, because a GPU's sines of large angles are not exact; every layer uses them.</summary>
internal sealed unsafe class Turns
{
    private readonly DeviceBuffer _turns;
    private readonly double[] _frequencies, _longer, _stretched;

    /// <summary>Takes the memory for the most rows.</summary>
    public Turns(RopeTable table, RuntimeLimits limits, Scratch scratch)
    {
        Table = table;
        _frequencies = [.. table.Frequencies.Select(f => (double)f)];
        _longer = [.. table.Long?.Frequencies.Select(f => (double)f) ?? []];
        _stretched = new double[table.Stretch is null ? 0 : Pairs];
        _turns = scratch.Take((long)limits.MaxRows * 4 * Pairs * sizeof(float), true);
    }

    /// <summary>The table.</summary>
    public RopeTable Table { get; }

    /// <summary>Pairs that rotate.</summary>
    public int Pairs => Table.Frequencies.Length;

    /// <summary>Whether neighbours are a pair.</summary>
    public bool IsInterleaved => Table.Pairing == RopePairing.Interleaved;

    /// <summary>The first row's turn.</summary>
    public BufferRange Range => _turns.At(0);

    /// <summary>Makes the turns of a batch's rows: 2 · pairs cosines, then as many sines, negative for the first of a pair.</summary>
    public void Fill(Batch batch)
    {
        int stretchedFor = -1;
        for (int row = 0; row < batch.RowCount; row++)
        {
            int planned = batch.PlannedTokens[batch.Slots[row]];
            double[] frequencies = _frequencies;
            float magnitude = Table.Magnitude;
            if (Table.Long is { } longer && planned > longer.AboveTokens)
                (frequencies, magnitude) = (_longer, longer.Magnitude);
            else if (Table.Stretch is { } stretch && planned > stretch.OriginalContext)
            {
                if (stretchedFor != planned)
                    Stretch(stretch, stretchedFor = planned);
                frequencies = _stretched;
            }
            Fill((float*)_turns.Contents + (long)row * 4 * Pairs, frequencies, magnitude, batch.Positions[row]);
        }
    }

    private void Fill(float* turn, double[] frequencies, float magnitude, int position)
    {
        float* sines = turn + 2 * Pairs;
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * frequencies[i]);
            int first = IsInterleaved ? 2 * i : i, second = IsInterleaved ? 2 * i + 1 : i + Pairs;
            turn[first] = turn[second] = (float)(cos * magnitude);
            sines[second] = (float)(sin * magnitude);
            sines[first] = -sines[second];
        }
    }

    private void Stretch(RopeStretch stretch, int planned)
    {
        double dimensions = 2.0 * Pairs, growth = stretch.Factor * planned / stretch.OriginalContext - (stretch.Factor - 1);
        double logarithm = Math.Log(stretch.Base) + Math.Log(growth) * dimensions / (dimensions - 2);
        for (int i = 0; i < Pairs; i++)
            _stretched[i] = Math.Exp(-2 * i / dimensions * logarithm);
    }
}
