using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Weight rows dequantized block by block into the lane's scratch memory, then float dots: the reference path, and the last resort of the product path.</summary>
internal sealed unsafe class DequantizedLinear(WeightTensor weight, IQuantization quantization, RowDotKernel floats) : LinearKernel(weight, Preparation.Float32)
{
    public override long WorkingRowBytes => (long)Columns * sizeof(float);

    public override long ScratchBytes(int rows) => rows * WorkingRowBytes;

    public override void Begin(int firstRow, int rowCount, byte* scratch) =>
        quantization.Dequantize(Weight, firstRow, rowCount, new Span<float>(scratch, rowCount * Columns));

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride) =>
        floats.DotRows(scratch, Columns * sizeof(float), rowCount, Columns, activations, (nint)activationStride, batchRows, output, (nint)outputStride);
}
