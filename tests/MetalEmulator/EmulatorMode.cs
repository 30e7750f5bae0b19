using Tessera.MetalEmulator.Mutations;

namespace Tessera.MetalEmulator;

/// <summary>The order in which the threads of a threadgroup, and the threadgroups, run.</summary>
public enum ThreadOrder
{
    /// <summary>Ascending, each simdgroup to its next meeting in turn.</summary>
    Forward,

    /// <summary>Descending.</summary>
    Reverse,

    /// <summary>Shuffled by <see cref="EmulatorMode.Seed"/>.</summary>
    Random,

    /// <summary>Each simdgroup as far as it can go before the next one starts: what a missing barrier shows most.</summary>
    Greedy,
}

/// <summary>How the emulator runs kernels, and what the device it plays is like.</summary>
public sealed record EmulatorMode
{
    /// <summary>Kernels as fast as they go here, in ascending order.</summary>
    public static EmulatorMode Plain { get; } = new();

    /// <summary>Every access of a kernel is looked at: bounds, races between barriers, alignment.</summary>
    public static EmulatorMode CheckedAccess { get; } = new() { Checked = true };

    public static IReadOnlyList<ThreadOrder> Orders { get; } = Enum.GetValues<ThreadOrder>();

    public ThreadOrder Order { get; init; }

    public int Seed { get; init; } = 1;

    public bool Checked { get; init; }

    /// <summary>Processor time after which a dispatch counts as one that does not end, in seconds.</summary>
    public double SecondsPerDispatch { get; init; } = 120;

    /// <summary>Bytes that all buffers together may have; beyond them a buffer is nil.</summary>
    public long MemoryLimit { get; init; } = 1L << 40;

    /// <summary>The newest Apple GPU family that the device supports: 1007 is Apple7, the first with simdgroup_matrix.</summary>
    public int Family { get; init; } = 1009;

    /// <summary>False: MTLCreateSystemDefaultDevice returns nil.</summary>
    public bool HasDefaultDevice { get; init; } = true;

    /// <summary>MTLCreateSystemDefaultDevice returns nil until CoreGraphics was called in this session, as it may in a Mac's command-line programs.</summary>
    public bool NeedsCoreGraphics { get; init; }

    /// <summary>False: MTLCopyAllDevices lists none.</summary>
    public bool ListsDevice { get; init; } = true;

    /// <summary>A bug that every source gets before it is compiled.</summary>
    public SeededBug? Bug { get; init; }
}
