using System.Runtime.CompilerServices;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Nf4;

/// <summary>
/// Where the nibbles and the largest magnitudes of a tensor stand. One part: blocks of 64 values, a float32 magnitude and then 32 bytes. Two parts: <c>data</c> is the
/// bytes alone, <c>scale</c> a float32 magnitude for each <c>group</c> values of the flattened tensor (a multiple of 64; 64 where the parameter is not given).
/// The high nibble of a byte is the first of its two values.
/// </summary>
internal readonly unsafe struct Nf4Layout
{
    /// <summary>Values of a block.</summary>
    public const int Values = 64;

    /// <summary>Bytes of a block's nibbles.</summary>
    public const int Packed = Values / 2;

    /// <summary>Bytes of a block with its magnitude.</summary>
    public const int BlockBytes = sizeof(float) + Packed;

    private const string GroupName = "group";
    private readonly byte* _data;
    private readonly byte* _scales;
    private readonly long _blocksOfGroup;

    private Nf4Layout(byte* data, byte* scales, long blocksOfGroup, long stride)
    {
        _data = data;
        _scales = scales;
        _blocksOfGroup = blocksOfGroup;
        Stride = stride;
    }

    /// <summary>Bytes from a block's nibbles to the next one's.</summary>
    public long Stride { get; }

    /// <summary>Checks a tensor's parts.</summary>
    public static void Check(string id, WeightTensor weight)
    {
        long values = PartRules.Check(id, weight, Values);
        int group = PartRules.Number(id, weight, GroupName);
        if (weight.Parts.Length == 1)
        {
            if (group is not (0 or Values))
                throw PartRules.Refused(id, weight, $"parameter {GroupName} {Values} where data holds the magnitudes", $"{group}");
            PartRules.CheckLength(id, weight, weight.Parts[0], (Int128)(values / Values) * BlockBytes);
            return;
        }
        if (group % Values != 0)
            throw PartRules.Refused(id, weight, $"parameter {GroupName} a multiple of {Values}", $"{group}");
        long size = group == 0 ? Values : group;
        PartRules.CheckLength(id, weight, weight.Parts[0], values / 2);
        PartRules.CheckLength(id, weight, weight.Parts[1], (Int128)((values + size - 1) / size) * sizeof(float));
    }

    /// <summary>The layout of a tensor that has been checked.</summary>
    public static Nf4Layout Of(WeightTensor weight)
    {
        byte* data = weight.Parts[0].Data;
        if (weight.Parts.Length == 1)
            return new Nf4Layout(data + sizeof(float), null, 1, BlockBytes);
        return new Nf4Layout(data, weight.Parts[1].Data, Math.Max(1, PartRules.Number("", weight, GroupName) / Values), Packed);
    }

    /// <summary>A block's nibbles, counted over the whole tensor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Block(long block) => _data + block * Stride;

    /// <summary>A block's largest magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Scale(long block) =>
        Unsafe.ReadUnaligned<float>(_scales == null ? Block(block) - sizeof(float) : _scales + block / _blocksOfGroup * sizeof(float));
}
