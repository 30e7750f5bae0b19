using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Makes rows of a value on demand, so that it need not be stored: a norm or a gate in front of a matrix product.</summary>
internal abstract unsafe class RowSource(int width)
{
    /// <summary>Floats of a row.</summary>
    public int Width { get; } = width;

    /// <summary>The buffers that it reads.</summary>
    public abstract IReadOnlyList<ValueBuffer> Reads { get; }

    /// <summary>What it is, for people.</summary>
    public abstract string Description { get; }

    /// <summary>The row where it stands, or null when it must be made.</summary>
    public virtual float* InPlace(int row) => null;

    /// <summary>Makes a row.</summary>
    public abstract void Fill(int row, float* destination);
}

/// <summary>A stored value as it is.</summary>
internal sealed unsafe class StoredSource(ValueBuffer x) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "stored";

    public override float* InPlace(int row) => x.Row(row);

    public override void Fill(int row, float* destination) =>
        Buffer.MemoryCopy(x.Row(row), destination, (long)Width * sizeof(float), (long)Width * sizeof(float));
}

/// <summary>RMS normalization of a stored value.</summary>
internal sealed unsafe class NormSource(ValueBuffer x, float* weight, float epsilon) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "rms_norm";

    public override void Fill(int row, float* destination) => RmsNorm.Row(x.Row(row), weight, destination, Width, epsilon);
}

/// <summary>SiLU of one stored value times another.</summary>
internal sealed unsafe class GateSource(ValueBuffer gate, ValueBuffer up, bool exact) : RowSource(gate.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [gate, up];

    public override string Description => "silu gate";

    public override void Fill(int row, float* destination)
    {
        if (exact)
            Silu.ExactRow(gate.Row(row), up.Row(row), destination, Width);
        else
            Silu.Row(gate.Row(row), up.Row(row), destination, Width);
    }
}

/// <summary>The sum of two stored values.</summary>
internal sealed unsafe class SumSource(ValueBuffer a, ValueBuffer b) : RowSource(a.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [a, b];

    public override string Description => "sum";

    public override void Fill(int row, float* destination) => Sum.Row(a.Row(row), b.Row(row), destination, Width);
}

/// <summary>A stored value with every head rotated.</summary>
internal sealed unsafe class RopeSource(ValueBuffer x, int heads, int headLength, Turns turns) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "rope";

    public override void Fill(int row, float* destination)
    {
        for (int h = 0; h < heads; h++)
            Rope.Head(x.Row(row) + h * headLength, destination + h * headLength, headLength, turns.Pairs, turns.Pairing, turns.Row(row), 1);
    }
}
