using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The rotations of a step's rows by one table, computed once per step and used by every layer.</summary>
internal sealed unsafe class Turns
{
    private readonly float* _frequencies;
    private readonly float* _turns;
    private readonly float _magnitude;
    private readonly int _stride;

    /// <summary>Takes the memory for the most rows.</summary>
    public Turns(RopeTable table, int maxRows, NativeArena arena)
    {
        Table = table;
        Pairs = table.Frequencies.Length;
        Pairing = table.Pairing;
        _magnitude = table.Magnitude;
        _stride = Rope.TurnLength(Pairs);
        _frequencies = arena.Floats(Pairs);
        table.Frequencies.CopyTo(new Span<float>(_frequencies, Pairs));
        _turns = arena.Floats((long)_stride * maxRows);
    }

    /// <summary>The table.</summary>
    public RopeTable Table { get; }

    /// <summary>Pairs that rotate.</summary>
    public int Pairs { get; }

    /// <summary>Which elements are a pair.</summary>
    public RopePairing Pairing { get; }

    /// <summary>Computes a row's turn.</summary>
    public void Fill(int row, int position) => Rope.Turn(_frequencies, Pairs, Pairing, _magnitude, position, _turns + (long)row * _stride);

    /// <summary>A row's turn.</summary>
    public float* Row(int row) => _turns + (long)row * _stride;
}
