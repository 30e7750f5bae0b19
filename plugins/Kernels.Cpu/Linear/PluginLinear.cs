namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A weight whose quantization brings its own row dot.</summary>
internal sealed unsafe class PluginLinear(WeightTensor weight, IRowDot rowDot) : LinearKernel(weight, Preparation.Of(rowDot))
{
    public override long WorkingRowBytes { get; } = Math.Max(1, weight.Bytes / weight.Rows);

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int row = 0; row < batchRows; row++, activations += activationStride, output += outputStride)
            rowDot.Dot(Weight, firstRow, rowCount, activations, output);
    }
}
