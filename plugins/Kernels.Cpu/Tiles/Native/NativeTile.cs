using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>A layout's micro-kernels from a tile source, for panels of 8 and of 16 activation rows, and for two of 16 at once.</summary>
/// <param name="narrow">The lease on the one for 8.</param>
/// <param name="wide">The lease on the one for 16.</param>
/// <param name="pair">The lease on the one for two of 16; null where there is none.</param>
/// <remarks>
/// Calls do not leave the collector's mode: the frame that this takes is made with instructions that wait some hundred cycles for the upper halves of vectors that the code around them has used (6 % of a prefill).
/// A call takes microseconds, which a collection can wait.
/// </remarks>
internal sealed unsafe class NativeTile(ITile narrow, ITile wide, ITile? pair = null) : IDisposable
{
    /// <summary>Bytes that a micro-kernel may use as it likes.</summary>
    public const int ScratchBytes = 4096;

    /// <summary>Bytes that one for two panels may use; the first eight hold the distance between the panels.</summary>
    public const int PairScratchBytes = 8192;

    private const int Alignment = 64;

    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void> _narrow = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void>)narrow.EntryPoint;
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void> _wide = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void>)wide.EntryPoint;
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void> _pair = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, float*, byte*, void>)(pair?.EntryPoint ?? 0);

    private ITile? _pairLease = pair;

    /// <summary>What it is made of.</summary>
    public string Description { get; } = wide.Description;

    /// <summary>Whether two panels of 16 can be multiplied at once.</summary>
    public bool HasPair => _pairLease is not null;

    /// <summary>Gives the one for two panels back: it gains nothing.</summary>
    public void DropPair()
    {
        _pairLease?.Dispose();
        _pairLease = null;
    }

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    [SkipLocalsInit]
    public void Multiply(byte* panel, byte* activations, int blocks, int width, float* sums)
    {
        byte* room = stackalloc byte[ScratchBytes + Alignment];
        byte* scratch = (byte*)((nint)(room + Alignment - 1) & -Alignment);
        if (width == TileKernel.MaxWidth)
            _wide(panel, activations, blocks, sums, scratch);
        else
            _narrow(panel, activations, blocks, sums, scratch);
    }

    /// <summary>sums[activation panel][row · 16 + activation row] of a panel with two of activations, <paramref name="distance"/> bytes apart.</summary>
    [SkipLocalsInit]
    public void MultiplyPair(byte* panel, byte* activations, long distance, int blocks, float* sums)
    {
        byte* room = stackalloc byte[PairScratchBytes + Alignment];
        byte* scratch = (byte*)((nint)(room + Alignment - 1) & -Alignment);
        *(long*)scratch = distance;
        _pair(panel, activations, blocks, sums, scratch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        narrow.Dispose();
        wide.Dispose();
        DropPair();
    }
}
