using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Rows of units: each is unpacked once to the first-level cache, for up to four activation rows.</summary>
internal readonly unsafe struct UnitTile<TUnit, TByteDot> : IRowTile
    where TUnit : struct, IUnit
    where TByteDot : struct, IByteDot
{
    private const int Group = Int8Activation.Group;
    private const int Alignment = 32;

    public static int MostRows => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, IRowCount
    {
        nint stepOffset = Int8Activation.ScaleOffset(columns);
        int groups = columns / Group;
        byte* table = TUnit.Table();
        byte* memory = stackalloc byte[UnitDot.Columns + Alignment];
        sbyte* w = (sbyte*)((nint)(memory + Alignment - 1) & -Alignment);
        float* scales = stackalloc float[2 * UnitDot.Groups];
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* unit = weights, a0 = activations, a1 = a0 + stride, a2 = a1 + stride, a3 = a2 + stride;
            // Even and odd groups are added apart: two chains for each activation row.
            Vector256<float> even0 = default, odd0 = default, even1 = default, odd1 = default;
            Vector256<float> even2 = default, odd2 = default, even3 = default, odd3 = default;
            for (int first = 0; first < groups; first += UnitDot.Groups, unit += TUnit.Bytes)
            {
                int count = Math.Min(UnitDot.Groups, groups - first), k = 0;
                Ahead(unit);
                TUnit.Unpack(unit, count, table, w, scales);
                nint at = first * Group, step = stepOffset + first * sizeof(float);
                for (; k < count - 1; k += 2, at += 2 * Group, step += 2 * sizeof(float))
                {
                    Vector256<sbyte> q = Vector256.LoadAligned(w + k * Group);
                    Vector256<byte> magnitude = X86.Avx2.Abs(q);
                    Vector256<float> scale = Scale(scales, k);
                    even0 = Add(even0, scale, q, magnitude, a0, at, step);
                    if (TRows.Count > 1)
                        even1 = Add(even1, scale, q, magnitude, a1, at, step);
                    if (TRows.Count > 2)
                        even2 = Add(even2, scale, q, magnitude, a2, at, step);
                    if (TRows.Count > 3)
                        even3 = Add(even3, scale, q, magnitude, a3, at, step);
                    q = Vector256.LoadAligned(w + k * Group + Group);
                    magnitude = X86.Avx2.Abs(q);
                    scale = Scale(scales, k + 1);
                    odd0 = Add(odd0, scale, q, magnitude, a0, at + Group, step + sizeof(float));
                    if (TRows.Count > 1)
                        odd1 = Add(odd1, scale, q, magnitude, a1, at + Group, step + sizeof(float));
                    if (TRows.Count > 2)
                        odd2 = Add(odd2, scale, q, magnitude, a2, at + Group, step + sizeof(float));
                    if (TRows.Count > 3)
                        odd3 = Add(odd3, scale, q, magnitude, a3, at + Group, step + sizeof(float));
                }
                if (k < count)
                {
                    Vector256<sbyte> q = Vector256.LoadAligned(w + k * Group);
                    Vector256<byte> magnitude = X86.Avx2.Abs(q);
                    Vector256<float> scale = Scale(scales, k);
                    even0 = Add(even0, scale, q, magnitude, a0, at, step);
                    if (TRows.Count > 1)
                        even1 = Add(even1, scale, q, magnitude, a1, at, step);
                    if (TRows.Count > 2)
                        even2 = Add(even2, scale, q, magnitude, a2, at, step);
                    if (TRows.Count > 3)
                        even3 = Add(even3, scale, q, magnitude, a3, at, step);
                }
            }
            output[row] = Vector256.Sum(even0 + odd0);
            if (TRows.Count > 1)
                output[row + outputStride] = Vector256.Sum(even1 + odd1);
            if (TRows.Count > 2)
                output[row + 2 * outputStride] = Vector256.Sum(even2 + odd2);
            if (TRows.Count > 3)
                output[row + 3 * outputStride] = Vector256.Sum(even3 + odd3);
        }
    }

    /// <summary>Adds a group's integer dot product, in eight parts, times the activations' scale and then the weights': their product might be subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(Vector256<float> sum, Vector256<float> scale, Vector256<sbyte> weights, Vector256<byte> magnitude, byte* activation, nint at, nint step)
    {
        // The weights give their sign to the activations, which are never -128.
        Vector256<int> dot = TByteDot.Add(Vector256<int>.Zero, magnitude, X86.Avx2.Sign(Vector256.Load((sbyte*)activation + at), weights));
        return Fma.MultiplyAdd(Vector256.ConvertToSingle(dot) * Vector256.Create(*(float*)(activation + step)), scale, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale(float* scales, int group) =>
        TUnit.HasSixteens
            ? Vector256.Create(Vector128.Create(scales[2 * group]), Vector128.Create(scales[2 * group + 1]))
            : Vector256.Create(scales[group]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(byte* unit)
    {
        Sse.Prefetch0(unit + Prefetch.Distance);
        if (TUnit.Bytes > 64)
            Sse.Prefetch0(unit + Prefetch.Distance + 64);
        if (TUnit.Bytes > 128)
            Sse.Prefetch0(unit + Prefetch.Distance + 128);
        if (TUnit.Bytes > 192)
            Sse.Prefetch0(unit + Prefetch.Distance + 192);
        if (TUnit.Bytes > 256)
            Sse.Prefetch0(unit + Prefetch.Distance + 256);
    }
}
