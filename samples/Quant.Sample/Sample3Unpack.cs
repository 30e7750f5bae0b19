using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;

namespace Quant.Sample;

/// <summary><see cref="Sample3"/> under another name, with an unpack of its own in place of the description: what a type does whose author has vectors but no description.</summary>
public sealed unsafe class Sample3Unpack : IQuantization, IAffineUnpack, IQuantizer
{
    private const int Group = 32, GroupBytes = 14;
    private const int LowAt = 2, HighAt = 10;
    private const float Zero = 4;

    private readonly Sample3 _type = new();

    /// <inheritdoc/>
    public string Id => "sample3_unpack";

    /// <inheritdoc/>
    public int BlockSize => Group;

    /// <inheritdoc/>
    public int GroupSize => Group;

    /// <inheritdoc/>
    public int MaxValue => 7;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight) => _type.Validate(weight);

    /// <inheritdoc/>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) => _type.Dequantize(weight, firstRow, rowCount, destination);

    /// <inheritdoc/>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        int groups = checked((int)(rowCount * weight.Columns / Group));
        byte* group = weight.Parts[0].Data + firstRow * (weight.Columns / Group * GroupBytes);
        // A byte is all ones where its element's bit is set: each gets the one of four that holds it, and keeps that bit alone.
        Vector256<byte> holders = Vector256.Create(0UL, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte(), bit = Vector256.Create(0x8040201008040201UL).AsByte();
        for (int g = 0; g < groups; g++, group += GroupBytes, values += Group)
        {
            ulong low = Unsafe.ReadUnaligned<ulong>(group + LowAt);
            Vector256<byte> pairs = Vector256.Create(low, low >> 2, low >> 4, low >> 6).AsByte() & Vector256.Create((byte)3);
            Vector256<byte> high = Vector256.Equals(Vector256.Shuffle(Vector256.Create(Unsafe.ReadUnaligned<uint>(group + HighAt)).AsByte(), holders) & bit, bit);
            (pairs | (high & Vector256.Create((byte)4))).Store(values);
            float scale = (float)Unsafe.ReadUnaligned<Half>(group);
            scales[g] = scale;
            minimums[g] = scale * Zero;
        }
    }

    /// <inheritdoc/>
    public long QuantizedBytes(long count) => _type.QuantizedBytes(count);

    /// <inheritdoc/>
    public void Quantize(ReadOnlySpan<float> values, Span<byte> destination) => _type.Quantize(values, destination);
}
