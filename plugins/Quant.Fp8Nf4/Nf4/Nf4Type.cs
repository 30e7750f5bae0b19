using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Nf4;

/// <summary>Normal floats of four bits: level[code] times the largest magnitude of the block; see <see cref="Nf4Layout"/>.</summary>
internal sealed unsafe class Nf4Type : IQuantization, IDescribedRowDot, IQuantizer
{
    private const int Half = 16;

    public string Id => "nf4";

    public int BlockSize => Nf4Layout.Values;

    public void Validate(WeightTensor weight) => Nf4Layout.Check(Id, weight);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, rowCount * weight.Columns, nameof(destination));
        Nf4Layout layout = Nf4Layout.Of(weight);
        long blocks = weight.Columns / Nf4Layout.Values;
        fixed (float* values = destination)
        {
            float* target = values;
            for (long block = firstRow * blocks, end = block + rowCount * blocks; block < end; block++, target += Nf4Layout.Values)
                Block(layout.Block(block), layout.Scale(block), target);
        }
    }

    public string Description => $"{(Avx512F.IsSupported ? "avx512" : Avx2.IsSupported && Fma.IsSupported ? "avx2" : "scalar")}, activations float32";

    public int PreparedBytes(int columns) => checked(columns * sizeof(float));

    public void Prepare(float* activations, int columns, byte* prepared)
    {
        float* target = (float*)prepared;
        for (int start = 0; start < columns; start += 2 * Half, activations += 2 * Half, target += 2 * Half)
            for (int i = 0; i < Half; i++)
                (target[i], target[Half + i]) = (activations[2 * i], activations[2 * i + 1]);
    }

    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        Nf4Layout layout = Nf4Layout.Of(weight);
        long blocks = weight.Columns / Nf4Layout.Values;
        for (long row = 0; row < rowCount; row++)
            result[row] = Nf4Dot.Of(layout, (firstRow + row) * blocks, blocks, (float*)prepared);
    }

    public long QuantizedBytes(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count % Nf4Layout.Values != 0)
            throw new ArgumentException($"{Id}: expected a multiple of {Nf4Layout.Values} values, found {count}", nameof(count));
        return checked(count / Nf4Layout.Values * Nf4Layout.BlockBytes);
    }

    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, QuantizedBytes(values.Length), nameof(destination));
        for (; !values.IsEmpty; values = values[Nf4Layout.Values..], destination = destination[Nf4Layout.BlockBytes..])
        {
            float largest = 0;
            foreach (float value in values[..Nf4Layout.Values])
                largest = MathF.Max(largest, MathF.Abs(value));
            BitConverter.TryWriteBytes(destination, largest);
            for (int i = 0; i < Nf4Layout.Packed; i++)
                destination[sizeof(float) + i] = (byte)(Code(values[2 * i], largest) << 4 | Code(values[2 * i + 1], largest));
        }
    }

    // The division of a subnormal by the largest one is safe; its inverse would overflow.
    private static int Code(float value, float largest) => Nf4Levels.Nearest(largest == 0 ? 0 : value / largest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block(byte* packed, float scale, float* destination)
    {
        if (Avx2.IsSupported)
        {
            Vector256<float> low = Nf4Levels.Low(), high = Nf4Levels.High(), scales = Vector256.Create(scale);
            for (byte* end = packed + Nf4Layout.Packed; packed < end; packed += 8, destination += 16)
            {
                Nf4Levels.Pick(packed, low, high, out Vector256<float> even, out Vector256<float> odd);
                Vector256<float> first = Avx.UnpackLow(even, odd) * scales, second = Avx.UnpackHigh(even, odd) * scales;
                Vector256.Create(first.GetLower(), second.GetLower()).Store(destination);
                Vector256.Create(first.GetUpper(), second.GetUpper()).Store(destination + 8);
            }
            return;
        }
        ReadOnlySpan<float> levels = Nf4Levels.All;
        for (int i = 0; i < Nf4Layout.Packed; i++)
            (destination[2 * i], destination[2 * i + 1]) = (levels[packed[i] >> 4] * scale, levels[packed[i] & 15] * scale);
    }
}
