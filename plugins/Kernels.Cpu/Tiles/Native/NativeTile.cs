namespace Tessera.Kernels.Cpu.Tiles.Native;

/// <summary>A layout's micro-kernels from a tile source, for panels of 8 and of 16 activation rows.</summary>
/// <param name="narrow">The lease on the one for 8.</param>
/// <param name="wide">The lease on the one for 16.</param>
internal sealed unsafe class NativeTile(ITile narrow, ITile wide) : IDisposable
{
    /// <summary>Bytes that a micro-kernel may use as it likes.</summary>
    public const int ScratchBytes = 4096;

    private const int Alignment = 64;

    private readonly delegate* unmanaged<byte*, byte*, int, float*, byte*, void> _narrow = (delegate* unmanaged<byte*, byte*, int, float*, byte*, void>)narrow.EntryPoint;
    private readonly delegate* unmanaged<byte*, byte*, int, float*, byte*, void> _wide = (delegate* unmanaged<byte*, byte*, int, float*, byte*, void>)wide.EntryPoint;

    /// <summary>What it is made of.</summary>
    public string Description { get; } = wide.Description;

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    public void Multiply(byte* panel, byte* activations, int blocks, int width, float* sums)
    {
        byte* room = stackalloc byte[ScratchBytes + Alignment];
        byte* scratch = (byte*)((nint)(room + Alignment - 1) & -Alignment);
        if (width == TileKernel.MaxWidth)
            _wide(panel, activations, blocks, sums, scratch);
        else
            _narrow(panel, activations, blocks, sums, scratch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        narrow.Dispose();
        wide.Dispose();
    }
}
