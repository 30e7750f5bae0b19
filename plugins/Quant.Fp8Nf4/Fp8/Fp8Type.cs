using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>Floats of eight bits, one byte each, in rows of any length, with the scales of a <see cref="ScaleGrid"/>.</summary>
internal sealed unsafe class Fp8Type<TFormat> : IQuantization, IDescribedRowDot, IQuantizer
    where TFormat : struct, IFp8Format
{
    private const int Count = 32;

    public string Id => TFormat.Id;

    public int BlockSize => 1;

    public void Validate(WeightTensor weight)
    {
        long values = PartRules.Check(Id, weight, BlockSize);
        PartRules.CheckLength(Id, weight, weight.Parts[0], values);
        ScaleGrid.Check(Id, weight, Fp8Row.Unit);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, rowCount * weight.Columns, nameof(destination));
        ScaleGrid scales = ScaleGrid.Of(weight);
        long columns = weight.Columns, span = scales.Columns;
        byte* source = weight.Parts[0].Data + firstRow * columns;
        fixed (float* values = destination)
            for (long row = 0; row < rowCount; row++, source += columns)
                for (long start = 0, block = 0; start < columns; start += span, block++)
                    Scale(source + start, long.Min(span, columns - start), scales.At(firstRow + row, block), values + row * columns + start);
    }

    public string Description => $"{(Fp8Row.Width switch { 64 => "avx512 with vbmi", 32 => "avx2", _ => "scalar" })}, activations float32";

    public int PreparedBytes(int columns) => checked(Fp8Row.Length(columns) * sizeof(float));

    public void Prepare(float* activations, int columns, byte* prepared) => Fp8Row.Prepare(activations, columns, (float*)prepared);

    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        ScaleGrid scales = ScaleGrid.Of(weight);
        long columns = weight.Columns;
        byte* source = weight.Parts[0].Data + firstRow * columns;
        for (long row = 0; row < rowCount; row++, source += columns)
            result[row] = Fp8Dot<TFormat>.Of(source, (float*)prepared, columns, scales, firstRow + row);
    }

    public long QuantizedBytes(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return count;
    }

    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, values.Length, nameof(destination));
        for (int i = 0; i < values.Length; i++)
            destination[i] = Fp8Numbers<TFormat>.FromSingle(values[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(byte* source, long count, float scale, float* destination)
    {
        long i = 0;
        if (Avx2.IsSupported)
            for (Vector256<float> scales = Vector256.Create(scale); i <= count - Count; i += Count)
                Fp8Vector<TFormat>.Dequantize(source + i, scales, destination + i);
        for (; i < count; i++)
            destination[i] = Fp8Numbers<TFormat>.ToSingle(source[i]) * scale;
    }
}
