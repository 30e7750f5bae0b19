namespace Tessera.Kernels.Cpu.Plan;

/// <summary>What one lane has to itself.</summary>
internal sealed unsafe class Lane(int index, int count, LaneSizes sizes, NativeArena arena)
{
    /// <summary>Up to so many rows, every lane prepares all activations for itself, which costs less than a barrier.</summary>
    public const int OwnRows = 2;

    /// <summary>Batch rows whose products wait in <see cref="Partial"/> for a bias or a sum.</summary>
    public const int PartialRows = 32;

    /// <summary>The lane's number.</summary>
    public int Index { get; } = index;

    /// <summary>The number of lanes.</summary>
    public int Count { get; } = count;

    /// <summary>The team's view of this lane; set for each step.</summary>
    public IWorkLane Team { get; set; } = null!;

    /// <summary>One row of floats of the widest value.</summary>
    public float* Row { get; } = arena.Floats(sizes.Row);

    /// <summary>A panel of floats of the widest value that products read by features.</summary>
    public float* Panel { get; } = arena.Floats(sizes.Panel);

    /// <summary><see cref="OwnRows"/> prepared rows.</summary>
    public byte* Prepared { get; } = arena.Take(sizes.Prepared * OwnRows);

    /// <summary><see cref="PartialRows"/> × the largest block.</summary>
    public float* Partial { get; } = arena.Floats((long)sizes.BlockRows * PartialRows);

    /// <summary>A kernel's unpacked block.</summary>
    public byte* Block { get; } = arena.Take(sizes.Block);

    /// <summary>Attention's queries, sums and widened tiles.</summary>
    public byte* Attention { get; } = arena.Take(sizes.Attention);

    /// <summary>Experts' routes and gathered rows.</summary>
    public byte* Experts { get; } = arena.Take(sizes.Experts);

    /// <summary>This lane's even share of a number of items.</summary>
    public (int First, int End) Share(int items) => ((int)((long)items * Index / Count), (int)((long)items * (Index + 1) / Count));
}

/// <summary>The largest needs of a plan's stages.</summary>
internal sealed class LaneSizes
{
    /// <summary>Floats of the widest value.</summary>
    public long Row { get; set; }

    /// <summary>Floats of the widest panel.</summary>
    public long Panel { get; set; }

    /// <summary>Bytes of the longest prepared row.</summary>
    public long Prepared { get; set; }

    /// <summary>Weight rows of the largest block.</summary>
    public int BlockRows { get; set; }

    /// <summary>Bytes of the largest unpacked block.</summary>
    public long Block { get; set; }

    /// <summary>Bytes of attention's scratch memory.</summary>
    public long Attention { get; set; }

    /// <summary>Bytes for a mixture of experts.</summary>
    public long Experts { get; set; }
}
