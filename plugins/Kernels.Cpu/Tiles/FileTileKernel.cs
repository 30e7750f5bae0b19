namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Tiles of weights that are unpacked straight from the file's bytes.</summary>
/// <param name="weights">The first row.</param>
/// <param name="rowBytes">Bytes from a row to the next.</param>
internal abstract unsafe class FileTileKernel(byte* weights, nint rowBytes) : TileKernel
{
    public sealed override void Unpack(int firstRow, int rowCount, byte* panels)
    {
        byte* rows = weights + firstRow * rowBytes;
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += PanelBytes)
            for (int i = 0; i < Panels.Rows; i++)
                UnpackRow(rows + Math.Min(row + i, rowCount - 1) * rowBytes, i, panels);
    }

    /// <summary>Unpacks one row as the given row of a panel.</summary>
    protected abstract void UnpackRow(byte* row, int place, byte* panel);
}
