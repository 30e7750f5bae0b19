using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Tiles of a type in blocks of columns that its activations are rounded by, multiplied by another plugin's machine code where there is any.</summary>
/// <param name="weights">The first row.</param>
/// <param name="rowBytes">Bytes from a row to the next.</param>
/// <param name="blocks">Blocks of a row.</param>
/// <param name="lanes">Lanes that their sums are added in.</param>
/// <param name="native">The machine code, or null.</param>
internal abstract unsafe class BlockTileKernel(byte* weights, nint rowBytes, int blocks, int lanes, NativeTile? native) : FileTileKernel(weights, rowBytes)
{
    public sealed override bool IsNative => native is not null;

    public sealed override bool HasPair => native is { HasPair: true };

    public sealed override long PanelBytes => (long)blocks * OneBlockBytes;

    /// <summary>Bytes of a block of a panel.</summary>
    protected abstract int OneBlockBytes { get; }

    public sealed override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums) => Multiply(panel, activations, blocks, width, sums);

    /// <summary>As <see cref="MultiplyPanel"/> for one block alone.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="block">The block.</param>
    /// <param name="activations">The block's part of an interleaved panel.</param>
    /// <param name="width">The panel's width.</param>
    /// <param name="sums">As for <see cref="MultiplyPanel"/>.</param>
    public void MultiplyBlock(byte* panel, int block, byte* activations, int width, float* sums) =>
        Multiply(panel + (long)Panels.Place(block, blocks, lanes) * OneBlockBytes, activations, 1, width, sums);

    public sealed override void MultiplyPanels(byte* panel, byte* activations, long distance, float* sums)
    {
        if (native is { HasPair: true })
            native.MultiplyPair(panel, activations, distance, blocks, sums);
        else
            base.MultiplyPanels(panel, activations, distance, sums);
    }

    /// <summary>Multiplies blocks that follow each other with the built-in code.</summary>
    protected abstract void MultiplyOwn(byte* panel, byte* activations, int count, int width, float* sums);

    private void Multiply(byte* panel, byte* activations, int count, int width, float* sums)
    {
        if (native is null)
            MultiplyOwn(panel, activations, count, width, sums);
        else
            native.Multiply(panel, activations, count, width, sums);
    }
}
