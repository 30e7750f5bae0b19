using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Entries in bytes: 32 elements of a head, or what is left of it, share a scale of a 127th of the largest, in half precision (GGML's Q8_0). Where an element is not finite the scale is none, and so is what is read.</summary>
internal static unsafe class ByteEntries
{
    private const int Group = 32, Largest = 127;
    private const ushort Infinity = 0x7c00;

    /// <summary>Scales of so many elements.</summary>
    public static int Groups(int length) => (length + Group - 1) / Group;

    /// <summary>Writes a key.</summary>
    /// <param name="keys">The tile's keys, at the entry's column.</param>
    /// <param name="scales">The scales of the tile's keys, at the entry's column.</param>
    /// <param name="key">The key.</param>
    /// <param name="length">Elements of the key.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteKey(sbyte* keys, Half* scales, float* key, int length)
    {
        sbyte* rounded = stackalloc sbyte[Group];
        for (int i = 0; i < length; i += Group, scales += AttentionTile.Entries)
        {
            int count = Math.Min(Group, length - i);
            *scales = Round(key + i, count, rounded);
            for (int k = 0; k < count; k++)
                keys[(i + k) * AttentionTile.Entries] = rounded[k];
        }
    }

    /// <summary>Rounds keys of rows that stand by features: bitwise what <see cref="WriteKey"/> makes of each.</summary>
    /// <param name="keys">[element][row].</param>
    /// <param name="length">Elements of a key.</param>
    /// <param name="width">Rows, a multiple of 8.</param>
    /// <param name="rounded">The bytes, [element][row].</param>
    /// <param name="scales">Their scales, [group][row].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RoundKeys(float* keys, int length, int width, sbyte* rounded, ushort* scales)
    {
        for (int i = 0; i < length; i += Group, scales += width)
            for (int row = 0; row < width; row += 8)
            {
                int first = i * width + row, end = Math.Min(length, i + Group) * width;
                Vector256<int> largest = default;
                for (int k = first; k < end; k += width)
                    largest = Vector256.Max(largest, Magnitude(keys + k));
                Vector128<ushort> halves = Halves.Narrow(largest.AsSingle() / Vector256.Create((float)Largest));
                Vector128.ConditionalSelect(Vector128.LessThan(halves, Vector128.Create(Infinity)), halves, Vector128.Create(BitConverter.HalfToUInt16Bits(Half.NaN))).Store(scales + row);
                Vector256<float> scale = Halves.Widen(scales + row);
                Vector256<float> inverse = Vector256.ConditionalSelect(Vector256.GreaterThan(scale, default), Vector256<float>.One / scale, default);
                for (int k = first; k < end; k += width)
                    Round8(keys + k, inverse, rounded + k);
            }
    }

    /// <summary>Writes a value.</summary>
    /// <param name="values">The entry's value row.</param>
    /// <param name="scales">Its scales.</param>
    /// <param name="value">The value.</param>
    /// <param name="length">Elements of the value.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteValue(sbyte* values, Half* scales, float* value, int length)
    {
        for (int i = 0; i < length; i += Group)
            *scales++ = Round(value + i, Math.Min(Group, length - i), values + i);
    }

    /// <summary>Widens a tile's keys.</summary>
    /// <param name="keys">The keys, [element][entry].</param>
    /// <param name="scales">Their scales, [group][entry].</param>
    /// <param name="length">Elements of a key.</param>
    /// <param name="destination">The floats, [element][entry].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReadKeys(sbyte* keys, ushort* scales, int length, float* destination)
    {
        for (int i = 0; i < length; i += Group, scales += AttentionTile.Entries)
        {
            Vector256<float> left = Halves.Widen(scales), right = Halves.Widen(scales + 8);
            int k = i * AttentionTile.Entries, end = Math.Min(length, i + Group) * AttentionTile.Entries;
            Vector512<float> both = Vector512.Create(left, right);
            for (; Avx512F.IsSupported && k < end; k += AttentionTile.Entries)
                (Widen16(keys + k) * both).Store(destination + k);
            for (; k < end; k += AttentionTile.Entries)
            {
                (Widen(keys + k) * left).Store(destination + k);
                (Widen(keys + k + 8) * right).Store(destination + k + 8);
            }
        }
    }

    /// <summary>Widens the values of a tile's first entries.</summary>
    /// <param name="values">The values, [entry][element].</param>
    /// <param name="scales">Their scales, [entry][group].</param>
    /// <param name="groups">Scales of a value.</param>
    /// <param name="stride">Elements of a row, a multiple of 8.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="destination">The floats, [entry][element].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReadValues(sbyte* values, ushort* scales, int groups, int stride, int entries, float* destination)
    {
        // The scales of all 16 entries are there, and eight are widened at once.
        float* wide = stackalloc float[AttentionTile.Entries * groups];
        for (int i = 0; i < AttentionTile.Entries * groups; i += 8)
            Halves.Widen(scales + i).Store(wide + i);
        for (int entry = 0; entry < entries; entry++, values += stride, destination += stride, wide += groups)
            for (int i = 0; i < stride; i += Group)
            {
                Vector256<float> scale = Vector256.Create(wide[i / Group]);
                int k = i, end = Math.Min(stride, i + Group);
                for (; Avx512F.IsSupported && k <= end - 16; k += 16)
                    (Widen16(values + k) * Vector512.Create(scale, scale)).Store(destination + k);
                for (; k < end; k += 8)
                    (Widen(values + k) * scale).Store(destination + k);
            }
    }

    /// <summary>Rounds a group by the scale that is stored, and answers it.</summary>
    private static Half Round(float* x, int count, sbyte* to)
    {
        Vector256<int> most = default;
        int i = 0, largest = 0;
        for (; i <= count - 8; i += 8)
            most = Vector256.Max(most, Magnitude(x + i));
        for (int k = 0; k < 8; k++)
            largest = Math.Max(largest, most[k]);
        for (; i < count; i++)
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
        Half scale = (Half)(BitConverter.Int32BitsToSingle(largest) / Largest);
        if (!Half.IsFinite(scale))
            scale = Half.NaN;
        float inverse = scale == Half.Zero || Half.IsNaN(scale) ? 0 : 1 / (float)scale;
        for (i = 0; i <= count - 8; i += 8)
            Round8(x + i, Vector256.Create(inverse), to + i);
        for (; i < count; i++)
            to[i] = (sbyte)Math.Clamp((int)MathF.Round(x[i] * inverse), -Largest, Largest);
        return scale;
    }

    // Without signs bits are ordered as numbers are, and what is none is above all.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Magnitude(float* x) => Vector256.Load(x).AsInt32() & Vector256.Create(int.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round8(float* x, Vector256<float> inverse, sbyte* to)
    {
        Vector256<int> all = Vector256.Max(Vector256.ConvertToInt32(Vector256.Round(Vector256.Load(x) * inverse)), Vector256.Create(-Largest));
        Vector128<short> shorts = Vector128.NarrowWithSaturation(all.GetLower(), all.GetUpper());
        *(long*)to = Vector128.NarrowWithSaturation(shorts, shorts).AsInt64().ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen16(sbyte* source) => Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(sbyte* source)
    {
        if (Avx2.IsSupported)
            return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source));
        Vector128<short> shorts = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte());
        return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)));
    }
}
