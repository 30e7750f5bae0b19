using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;

namespace Quant.Sample;

/// <summary>
/// Three bits in groups of 32: value = d · (q − 4), q from 0 to 7. A group takes 14 bytes: d as a float16; eight bytes with the low two bits of q, byte i those of the elements i, i + 8, i + 16 and i + 24 from its lowest bits on; four bytes
/// with the high bits, bit e of the little-endian number that of element e.
/// </summary>
public sealed unsafe class Sample3 : IQuantization, IAffineUnpack, IQuantizer
{
    private const int Group = 32, GroupBytes = 14, Together = 8;
    private const int LowAt = 2, HighAt = 10;
    private const int Zero = 4;

    /// <inheritdoc/>
    public string Id => "sample3";

    /// <inheritdoc/>
    public int BlockSize => Group;

    /// <inheritdoc/>
    public int GroupSize => Group;

    /// <inheritdoc/>
    public int MaxValue => 7;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        if (weight.Columns % Group != 0)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Columns} columns, {Id} expects a multiple of {Group}");
        long expected = checked(weight.Rows * weight.Columns / Group * GroupBytes);
        if (weight.Parts.Length != 1 || weight.Parts[0].Length < expected)
            throw new ModelFormatException($"tensor '{weight.Name}': {weight.Bytes} bytes in {weight.Parts.Length} parts, {Id} expects one part of {expected}");
    }

    /// <summary>The definition, one element at a time.</summary>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        byte* group = Row(weight, firstRow);
        int groups = checked((int)(rowCount * weight.Columns / Group));
        for (int g = 0; g < groups; g++, group += GroupBytes)
        {
            float d = (float)Unsafe.ReadUnaligned<Half>(group);
            uint high = Unsafe.ReadUnaligned<uint>(group + HighAt);
            for (int e = 0; e < Group; e++)
            {
                int q = (group[LowAt + e % 8] >> (e / 8 * 2) & 3) | (int)(high >> e & 1) << 2;
                destination[g * Group + e] = d * (q - Zero);
            }
        }
    }

    /// <summary>The same, 32 elements at a time: value = d · q − 4 · d. Eight groups at once, as their eight scales make a vector.</summary>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        byte* group = Row(weight, firstRow);
        int groups = checked((int)(rowCount * weight.Columns / Group)), g = 0;
        for (; g <= groups - Together; g += Together)
        {
            Vector256<float> d = Floats(Vector128.Create(Scale(group, 0), Scale(group, 1), Scale(group, 2), Scale(group, 3), Scale(group, 4), Scale(group, 5), Scale(group, 6), Scale(group, 7)));
            d.Store(scales + g);
            (d * Zero).Store(minimums + g);
            for (byte* end = group + Together * GroupBytes; group < end; group += GroupBytes, values += Group)
                Values(group).Store(values);
        }
        for (; g < groups; g++, group += GroupBytes, values += Group)
        {
            Values(group).Store(values);
            scales[g] = (float)Unsafe.ReadUnaligned<Half>(group);
            minimums[g] = Zero * scales[g];
        }
    }

    /// <summary>The 32 numbers of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Values(byte* group)
    {
        // Quarters of the vector are the elements 0–7, 8–15, 16–23 and 24–31: the eight bytes, shifted further each time.
        ulong low = Unsafe.ReadUnaligned<ulong>(group + LowAt);
        Vector256<byte> q = (Avx2.IsSupported ? Avx2.ShiftRightLogicalVariable(Vector256.Create(low), Vector256.Create(0UL, 2, 4, 6)) : Vector256.Create(low, low >> 2, low >> 4, low >> 6)).AsByte() & Vector256.Create((byte)3);
        // Each byte gets the one of the four that holds its bit, and keeps that bit alone.
        Vector256<byte> high = Vector256.Create(Unsafe.ReadUnaligned<uint>(group + HighAt)).AsByte(), places = Vector256.Create(0UL, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte();
        Vector256<byte> spread = Avx2.IsSupported ? Avx2.Shuffle(high, places) : Vector256.Shuffle(high, places);
        Vector256<byte> bit = Vector256.Create(0x8040201008040201UL).AsByte();
        return q | (Vector256.Equals(spread & bit, bit) & Vector256.Create((byte)4));
    }

    private static ushort Scale(byte* group, int index) => Unsafe.ReadUnaligned<ushort>(group + index * GroupBytes);

    /// <summary>Eight float16 as floats: exponent and fraction moved to their places, and the difference of the two biases multiplied in; infinities and NaN get the exponent that means them.</summary>
    private static Vector256<float> Floats(Vector128<ushort> halves)
    {
        Vector256<uint> bits = Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        Vector256<uint> magnitude = (bits & Vector256.Create(0x7FFFu)) << 13;
        // 2 to the power of 112.
        Vector256<uint> value = (magnitude.AsSingle() * Vector256.Create(0x7780_0000u).AsSingle()).AsUInt32();
        value |= Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x0F80_0000u)) & Vector256.Create(0x7F80_0000u);
        return (value | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    /// <inheritdoc/>
    public long QuantizedBytes(long count) => count / Group * GroupBytes;

    /// <summary>The value that is furthest from 0 becomes q = 0, so that it is kept best.</summary>
    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination)
    {
        destination.Clear();
        for (int g = 0; g < values.Length / Group; g++)
        {
            ReadOnlySpan<float> from = values.Slice(g * Group, Group);
            Span<byte> to = destination.Slice(g * GroupBytes, GroupBytes);
            float furthest = 0;
            foreach (float value in from)
                furthest = Math.Abs(value) > Math.Abs(furthest) ? value : furthest;
            Half d = (Half)(furthest / -Zero);
            Unsafe.WriteUnaligned(ref to[0], d);
            uint high = 0;
            for (int e = 0; e < Group; e++)
            {
                int q = (float)d == 0 ? Zero : Math.Clamp((int)MathF.Round(from[e] / (float)d) + Zero, 0, 7);
                to[LowAt + e % 8] |= (byte)((q & 3) << (e / 8 * 2));
                high |= (uint)(q >> 2) << e;
            }
            Unsafe.WriteUnaligned(ref to[HighAt], high);
        }
    }

    private static byte* Row(WeightTensor weight, long row) => weight.Parts[0].Data + row * (weight.Columns / Group * GroupBytes);
}
