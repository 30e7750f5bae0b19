using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>Groups of 32 unpacked values as blocks of a GGUF type, where every weight stays what it is.</summary>
internal static unsafe class BlockTranscoding
{
    private const int Group = 32;

    /// <summary>Writes rows.</summary>
    /// <param name="groups">Groups of a row.</param>
    /// <param name="to">Where the first row's blocks go.</param>
    internal sealed class Writer<TBlock>(int groups, byte* to) : IRowWriter
        where TBlock : struct, IBlockWriter
    {
        /// <inheritdoc/>
        public bool TryWrite(long firstRow, int rowCount, byte* values, float* scales, float* minimums) =>
            BlockTranscoding.TryWrite<TBlock>(values, scales, minimums, (long)rowCount * groups, to + firstRow * groups * TBlock.Bytes);
    }

    /// <summary>Writes groups, whose values are scale · u − minimum.</summary>
    /// <returns>False where a group has a weight that the type does not hold; what is written then is of no use.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryWrite<TBlock>(byte* values, float* scales, float* minimums, long groups, byte* to)
        where TBlock : struct, IBlockWriter
    {
        for (long group = 0; group < groups; group++, values += Group, to += TBlock.Bytes)
            if (!TryWrite<TBlock>(Vector256.Load(values), scales[group], minimums[group], to))
                return false;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryWrite<TBlock>(Vector256<byte> values, float scale, float minimum, byte* to)
        where TBlock : struct, IBlockWriter
    {
        if (!TryHalf(scale, to))
            return false;
        if (TBlock.Zero < 0)
        {
            if (!TryHalf(-minimum, to + sizeof(ushort)) || Vector256.GreaterThanAny(values, Vector256.Create((byte)TBlock.Most)))
                return false;
            TBlock.Write(values, to + 2 * sizeof(ushort));
            return true;
        }
        // scale · u − minimum is scale · (u − zero): the product of 11 bits and 8 is exact. With a scale of 0 all weights are 0, whatever the values are.
        float zero = scale == 0 ? 0 : minimum / scale;
        if (!(Math.Abs(zero) <= byte.MaxValue) || zero != MathF.Floor(zero) || zero * scale != minimum)
            return false;
        if (scale == 0)
            values = Vector256<byte>.Zero;
        Vector256<short> shift = Vector256.Create((short)(TBlock.Zero - (int)zero)), most = Vector256.Create((short)TBlock.Most);
        Vector256<short> low = Vector256.WidenLower(values).AsInt16() + shift, high = Vector256.WidenUpper(values).AsInt16() + shift;
        if (Vector256.LessThanAny(Vector256.Min(low, high), Vector256<short>.Zero) || Vector256.GreaterThanAny(Vector256.Max(low, high), most))
            return false;
        TBlock.Write(Vector256.Narrow(low.AsUInt16(), high.AsUInt16()), to + sizeof(ushort));
        return true;
    }

    // The number as a float16, where it is one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryHalf(float number, byte* to)
    {
        Half half = (Half)number;
        Unsafe.WriteUnaligned(to, half);
        return float.IsFinite(number) && (float)half == number;
    }
}
