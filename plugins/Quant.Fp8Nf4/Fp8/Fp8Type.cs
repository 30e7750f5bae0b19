using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>Floats of eight bits, one byte each, in rows of any length, with the scales of a <see cref="ScaleGrid"/>.</summary>
internal sealed unsafe class Fp8Type<TFormat> : IQuantization, IRowDot, IQuantizer
    where TFormat : struct, IFp8Format
{
    private const int Unit = Fp8Vector<TFormat>.Count;

    public string Id => TFormat.Id;

    public int BlockSize => 1;

    public void Validate(WeightTensor weight)
    {
        long values = PartRules.Check(Id, weight, BlockSize);
        PartRules.CheckLength(Id, weight, weight.Parts[0], values);
        ScaleGrid.Check(Id, weight, Unit);
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

    public int PreparedBytes(int columns) => checked((columns + Unit - 1) / Unit * Unit * sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Prepare(float* activations, int columns, byte* prepared)
    {
        float* target = (float*)prepared;
        if (!Fp8Dot<TFormat>.IsPermuted)
        {
            Buffer.MemoryCopy(activations, target, (long)columns * sizeof(float), (long)columns * sizeof(float));
            return;
        }
        int i = 0;
        for (; i <= columns - Unit; i += Unit)
            Fp8Vector<TFormat>.Permute(activations + i, target + i);
        if (i == columns)
            return;
        float* rest = stackalloc float[Unit];
        new Span<float>(rest, Unit).Clear();
        for (int k = 0; k < columns - i; k++)
            rest[k] = activations[i + k];
        Fp8Vector<TFormat>.Permute(rest, target + i);
    }

    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        ScaleGrid scales = ScaleGrid.Of(weight);
        long columns = weight.Columns, span = scales.Columns;
        byte* source = weight.Parts[0].Data + firstRow * columns;
        for (long row = 0; row < rowCount; row++, source += columns)
        {
            float sum = 0;
            for (long start = 0, block = 0; start < columns; start += span, block++)
                sum += scales.At(firstRow + row, block) * Fp8Dot<TFormat>.Of(source + start, (float*)prepared + start, long.Min(span, columns - start));
            result[row] = sum;
        }
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
            for (Vector256<float> scales = Vector256.Create(scale); i <= count - Unit; i += Unit)
                Fp8Vector<TFormat>.Dequantize(source + i, scales, destination + i);
        for (; i < count; i++)
            destination[i] = Fp8Numbers<TFormat>.ToSingle(source[i]) * scale;
    }
}
