namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>The tiles of a weight whose equal slices are tensors of their own; a block of rows lies within one slice.</summary>
/// <param name="slices">The slices' tiles, all of one kind.</param>
/// <param name="rows">Rows of a slice.</param>
internal sealed unsafe class StackedTileKernel(TileKernel[] slices, int rows) : TileKernel
{
    public override bool IsNative => slices[0].IsNative;

    public override bool HasPair => slices[0].HasPair;

    public override long PanelBytes => slices[0].PanelBytes;

    public override long WorkBytes => slices[0].WorkBytes;

    public override void Unpack(int firstRow, int rowCount, byte* panels) => slices[firstRow / rows].Unpack(firstRow % rows, rowCount, panels);

    public override void Compile() => slices[0].Compile();

    public override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums) => slices[0].MultiplyPanel(panel, activations, width, sums);

    public override void MultiplyPanels(byte* panel, byte* activations, long distance, float* sums) => slices[0].MultiplyPanels(panel, activations, distance, sums);
}
