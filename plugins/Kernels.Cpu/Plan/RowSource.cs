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

    /// <summary>Whether what it reads may stand by features; then <see cref="Panel"/> makes panels of it.</summary>
    public virtual bool TakesFeatures => true;

    /// <summary>What may stand by features where <see cref="Fill"/> makes rows of it, as <see cref="Stage.ByFeatures"/> says it.</summary>
    public virtual IEnumerable<IReadOnlyList<ValueBuffer>> FillsFrom => [];

    /// <summary>A panel by features, in its place or made in <paramref name="room"/>: bitwise the rows of <see cref="Fill"/>.</summary>
    public abstract float* Panel(int panel, FeatureMajor features, float* room);
}

/// <summary>A stored value as it is.</summary>
internal sealed unsafe class StoredSource(ValueBuffer x) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "stored";

    public override IEnumerable<IReadOnlyList<ValueBuffer>> FillsFrom => [Reads];

    public override float* InPlace(int row) => x.IsByFeatures ? null : x.Row(row);

    public override void Fill(int row, float* destination)
    {
        float* from = x.Row(row, destination);
        if (from != destination)
            Buffer.MemoryCopy(from, destination, (long)Width * sizeof(float), (long)Width * sizeof(float));
    }

    public override float* Panel(int panel, FeatureMajor features, float* room) => x.Panel(panel, features);
}
