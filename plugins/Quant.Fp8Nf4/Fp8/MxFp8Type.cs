using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>E4M3 values times a power of two for each 32 columns: <c>data</c>, a byte for each value; <c>scale</c>, the powers' exponents plus 127 in a byte, 255 for NaN.</summary>
/// <remarks>https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf</remarks>
internal sealed unsafe class MxFp8Type : IQuantization, IDescribedRowDot
{
    private const int Group = 32;

    // Far enough for the memory to answer in time; what lies behind the last row is asked for, never read.
    private const int Ahead = 4096;

    public string Id => "mx_fp8";

    public int BlockSize => Group;

    public void Validate(WeightTensor weight)
    {
        long values = PartRules.Check(Id, weight, Group);
        if (weight.Parts.Length < 2)
            throw PartRules.Refused(Id, weight, "a part named scale", "none");
        PartRules.CheckLength(Id, weight, weight.Parts[0], values);
        PartRules.CheckLength(Id, weight, weight.Parts[1], values / Group);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, rowCount * weight.Columns, nameof(destination));
        long groups = weight.Columns / Group, first = firstRow * groups;
        byte* source = weight.Parts[0].Data + first * Group, scales = weight.Parts[1].Data + first;
        fixed (float* values = destination)
        {
            float* to = values;
            for (byte* end = scales + rowCount * groups; scales < end; scales++, source += Group, to += Group)
                if (Avx2.IsSupported)
                    Fp8Vector<E4M3>.Dequantize(source, Vector256.Create(Scale(*scales)), to);
                else
                    for (int i = 0; i < Group; i++)
                        to[i] = Fp8Numbers<E4M3>.ToSingle(source[i]) * Scale(*scales);
        }
    }

    public string Description => $"{(Avx2.IsSupported && Fma.IsSupported ? "avx2" : "scalar")}, activations float32";

    public int PreparedBytes(int columns) => checked(columns * sizeof(float));

    // In the order in which values are decoded: of each 16, the even columns of the low eight and the odd ones, then of the high eight.
    public void Prepare(float* activations, int columns, byte* prepared)
    {
        float* to = (float*)prepared;
        for (int start = 0; start < columns; start += Group, activations += Group)
            for (int high = 0; high < 16; high += 8)
                for (int odd = 0; odd < 2; odd++)
                    for (int part = 0; part < Group; part += 16)
                        for (int i = 0; i < 8; i += 2)
                            *to++ = activations[part + high + odd + i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        PartRules.CheckRows(weight, firstRow, rowCount);
        long groups = weight.Columns / Group, first = firstRow * groups;
        byte* source = weight.Parts[0].Data + first * Group, scales = weight.Parts[1].Data + first;
        for (int row = 0; row < rowCount; row++, source += groups * Group, scales += groups)
            result[row] = Avx2.IsSupported && Fma.IsSupported ? Vector(source, scales, groups, (float*)prepared) : Scalar(source, scales, groups, (float*)prepared);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Vector(byte* source, byte* scales, long groups, float* x)
    {
        Vector256<float> sum = default;
        for (byte* end = scales + groups; scales < end; scales++, source += Group, x += Group)
        {
            Sse.Prefetch0(source + Ahead);
            Fp8Vector<E4M3>.Decode(Vector256.Load(source), out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d);
            Vector256<float> low = Fma.MultiplyAdd(a, Vector256.Load(x), b * Vector256.Load(x + 8)), high = Fma.MultiplyAdd(c, Vector256.Load(x + 16), d * Vector256.Load(x + 24));
            sum = Fma.MultiplyAdd(low + high, Vector256.Create(Scale(*scales)), sum);
        }
        return Vector256.Sum(sum);
    }

    private static float Scalar(byte* source, byte* scales, long groups, float* x)
    {
        double sum = 0;
        for (byte* end = scales + groups; scales < end; scales++, source += Group, x += Group)
        {
            double products = 0;
            for (int i = 0; i < Group; i++)
            {
                // Where Prepare has put column i.
                int place = (i >> 3 & 1) * 16 + (i & 1) * 8 + (i >> 4) * 4 + (i >> 1 & 3);
                products += (double)Fp8Numbers<E4M3>.ToSingle(source[i]) * x[place];
            }
            sum += products * Scale(*scales);
        }
        return (float)sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(byte bits) => BitConverter.Int32BitsToSingle(bits == 0 ? 1 << 22 : bits == 255 ? 0x7fc00000 : bits << 23);
}
