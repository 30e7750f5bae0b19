using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The rotations of a step's rows by one table, computed once per step and used by every layer. Frequencies that depend on a sequence's planned length are kept for each slot.</summary>
internal sealed unsafe class Turns
{
    private readonly double* _frequencies, _long, _stretched;
    private readonly int* _stretchedFor;
    private readonly float* _turns;
    private readonly int _stride;

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

    private static double* Widened(float[] frequencies, NativeArena arena)
    {
        double* widened = arena.Doubles(frequencies.Length);
        for (int i = 0; i < frequencies.Length; i++)
            widened[i] = frequencies[i];
        return widened;
    }
}
