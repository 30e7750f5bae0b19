namespace Tessera.Abstractions.Quantization;

/// <summary>
/// Where a group of 32 elements has its numbers, in a type whose groups all take the same bytes and follow each other: value = scale · (q − zero), q packed as <see cref="GroupUnpack"/> says, the scale a float16.
/// </summary>
public readonly unsafe record struct GroupLayout
{
    /// <summary>Elements of a group.</summary>
    public const int Elements = 32;

    private const int LeastBits = 2, MostBits = 5, HighBytes = 4;

    /// <summary>Bits of an element, 2 to 5.</summary>
    public required int Bits { get; init; }

    /// <summary>Bytes from a group to the next.</summary>
    public required int Bytes { get; init; }

    /// <summary>Where in the group the low two bits are, or with <see cref="Bits"/> 4 and 5 the low four.</summary>
    public required int LowAt { get; init; }

    /// <summary>Where the highest bits are; without meaning unless <see cref="Bits"/> is 3 or 5.</summary>
    public int HighAt { get; init; }

    /// <summary>Where the scale is.</summary>
    public required int ScaleAt { get; init; }

    /// <summary>The element that is zero.</summary>
    public float Zero { get; init; }

    /// <summary>The largest element.</summary>
    public int MaxValue => (1 << Bits) - 1;

    /// <summary>Whether the highest bits are apart from the others.</summary>
    public bool HasHigh => Bits % 2 != 0;

    /// <summary>Bytes of the low bits.</summary>
    public int LowBytes => Elements * (Bits - Bits % 2) / 8;

    /// <summary>Whether all of it lies in a group's bytes, and its zero is a number.</summary>
    public bool IsValid => Bits is >= LeastBits and <= MostBits && float.IsFinite(Zero) && Holds(LowAt, LowBytes) && Holds(ScaleAt, sizeof(ushort)) && (!HasHigh || Holds(HighAt, HighBytes));

    /// <summary>Brings groups to bytes, scales and minimums, as <see cref="IAffineUnpack.Unpack"/> has to.</summary>
    /// <param name="first">The first group.</param>
    /// <param name="groups">The number of groups.</param>
    /// <param name="values">A byte for each element.</param>
    /// <param name="scales">A float for each group.</param>
    /// <param name="minimums">The same.</param>
    /// <exception cref="InvalidOperationException">It is not <see cref="IsValid"/>.</exception>
    public void Unpack(byte* first, int groups, byte* values, float* scales, float* minimums)
    {
        if (!IsValid)
            throw new InvalidOperationException($"not a layout of groups: {this}");
        GroupUnpack.Halves(first + ScaleAt, Bytes, groups, scales);
        GroupUnpack.Minimums(scales, groups, Zero, minimums);
        byte* low = first + LowAt, high = first + HighAt;
        switch (Bits)
        {
            case 2:
                GroupUnpack.TwoBits(low, Bytes, groups, values);
                break;
            case 3:
                GroupUnpack.ThreeBits(low, high, Bytes, groups, values);
                break;
            case 4:
                GroupUnpack.FourBits(low, Bytes, groups, values);
                break;
            default:
                GroupUnpack.FiveBits(low, high, Bytes, groups, values);
                break;
        }
    }

    private bool Holds(int at, int length) => at >= 0 && (long)at + length <= Bytes;
}
