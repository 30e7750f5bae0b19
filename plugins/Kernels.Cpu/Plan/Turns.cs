using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The rotations of a step's rows by one table, computed once per step and used by every layer. Frequencies that depend on a sequence's planned length are kept for each slot.</summary>
internal sealed unsafe class Turns
{
    private readonly double* _frequencies, _long, _stretched;
    private readonly int* _stretchedFor;
    private readonly float* _turns;
    private readonly int _stride;
    private float* _panels;
    private long _panelFloats;

    /// <summary>Takes the memory for the most rows and slots.</summary>
    public Turns(RopeTable table, RuntimeLimits limits, NativeArena arena)
    {
        Table = table;
        Pairs = table.Frequencies.Length;
        Pairing = table.Pairing;
        _stride = Rope.TurnLength(Pairs);
        _turns = arena.Floats((long)_stride * limits.MaxRows);
        _frequencies = Widened(table.Frequencies, arena);
        if (table.Long is not null)
            _long = Widened(table.Long.Frequencies, arena);
        if (table.Stretch is null)
            return;
        _stretched = arena.Doubles((long)Pairs * limits.MaxSequences);
        _stretchedFor = arena.Integers(limits.MaxSequences);
    }

    /// <summary>The table.</summary>
    public RopeTable Table { get; }

    /// <summary>Pairs that rotate.</summary>
    public int Pairs { get; }

    /// <summary>Which elements are a pair.</summary>
    public RopePairing Pairing { get; }

    /// <summary>Brings the stretched frequencies of the batch's slots to their planned lengths. Before the lanes start: several of them fill rows of one slot.</summary>
    public void Plan(Batch batch)
    {
        if (Table.Stretch is not { } stretch)
            return;
        for (int row = 0; row < batch.RowCount; row++)
        {
            int slot = batch.Slots[row], planned = batch.PlannedTokens[slot];
            if (planned <= stretch.OriginalContext || _stretchedFor[slot] == planned)
                continue;
            double dimensions = 2.0 * Pairs;
            double growth = stretch.Factor * planned / stretch.OriginalContext - (stretch.Factor - 1);
            double logarithm = Math.Log(stretch.Base) + Math.Log(growth) * dimensions / (dimensions - 2);
            for (int i = 0; i < Pairs; i++)
                _stretched[(long)slot * Pairs + i] = Math.Exp(-2 * i / dimensions * logarithm);
            _stretchedFor[slot] = planned;
        }
    }

    /// <summary>Computes a row's turn.</summary>
    public void Fill(int row, Batch batch)
    {
        int slot = batch.Slots[row], planned = batch.PlannedTokens[slot];
        double* frequencies = _frequencies;
        float magnitude = Table.Magnitude;
        if (Table.Long is { } longer && planned > longer.AboveTokens)
        {
            frequencies = _long;
            magnitude = longer.Magnitude;
        }
        else if (Table.Stretch is { } stretch && planned > stretch.OriginalContext)
            frequencies = _stretched + (long)slot * Pairs;
        Rope.Turn(frequencies, Pairs, Pairing, magnitude, batch.Positions[row], _turns + (long)row * _stride);
    }

    /// <summary>A row's turn.</summary>
    public float* Row(int row) => _turns + (long)row * _stride;

    /// <summary>Takes the memory for turns by features.</summary>
    public void TakeFeatures(FeatureMajor features, RuntimeLimits limits, NativeArena arena)
    {
        _panels = arena.Floats(2L * Pairs * features.Width * ((limits.MaxRows + features.Width - 1) / features.Width));
        _panelFloats = 2L * Pairs * features.Width;
    }

    /// <summary>Brings the turns of a panel's rows together: cosines of each pair, then the sines of the pairs' second elements.</summary>
    public void FillPanel(int panel, FeatureMajor features)
    {
        int width = features.WidthOf(panel), count = features.Count(panel);
        float* cosines = Cosines(panel), sines = Sines(panel, features);
        for (int row = 0; row < count; row++)
        {
            float* turn = Row(panel * features.Width + row);
            for (int pair = 0; pair < Pairs; pair++)
            {
                int second = Pairing == RopePairing.Interleaved ? 2 * pair + 1 : pair + Pairs;
                cosines[pair * width + row] = turn[second];
                sines[pair * width + row] = turn[2 * Pairs + second];
            }
        }
    }

    /// <summary>A panel's cosines.</summary>
    public float* Cosines(int panel) => _panels + panel * _panelFloats;

    /// <summary>A panel's sines.</summary>
    public float* Sines(int panel, FeatureMajor features) => Cosines(panel) + (long)Pairs * features.WidthOf(panel);

    private static double* Widened(float[] frequencies, NativeArena arena)
    {
        double* widened = arena.Doubles(frequencies.Length);
        for (int i = 0; i < frequencies.Length; i++)
            widened[i] = frequencies[i];
        return widened;
    }
}
