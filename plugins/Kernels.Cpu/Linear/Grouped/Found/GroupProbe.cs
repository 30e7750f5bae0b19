using System.Numerics;

namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>Finds a layout that a type may have: of groups that have one bit set each, its unpacking shows what that bit is. That the layout holds is another's to try.</summary>
/// <param name="type">The type, whose groups are of 32 columns.</param>
/// <param name="like">A tensor of it that has one part.</param>
/// <param name="bytes">Bytes of a group.</param>
internal sealed class GroupProbe(IQuantization type, WeightTensor like, int bytes)
{
    private readonly IAffineUnpack _unpack = (IAffineUnpack)type;
    private readonly int _bits = BitOperations.Log2((uint)((IAffineUnpack)type).MaxValue) + 1;

    /// <summary>What the bits show; null where they are not as a layout has them.</summary>
    /// <exception cref="Exception">What the plugin throws.</exception>
    public FoundGroups? Run()
    {
        // The last group stays zero.
        int setBits = 8 * bytes;
        MadeUpTensor made = Make(setBits + 1);
        for (int bit = 0; bit < setBits; bit++)
            made.Group(bit)[bit / 8] = (byte)(1 << bit % 8);
        type.Validate(made.Tensor);
        if (!_unpack.CanUnpack(made.Tensor))
            return null;
        UnpackedGroups seen = UnpackedGroups.For(_unpack, like, made.Groups);
        seen.Take(_unpack, made.Tensor, 0, (int)made.Tensor.Rows);
        int scaleAt = ByteOf(bit => seen.Scales[bit] != seen.Scales[setBits]), lowAt = ByteOf(bit => seen.Values(bit).Contains((byte)1));
        int highAt = _bits % 2 == 0 ? 0 : ByteOf(bit => seen.Values(bit).Contains((byte)(1 << _bits - 1)));
        if (scaleAt < 0 || scaleAt > bytes - sizeof(ushort) || lowAt < 0 || highAt < 0)
            return null;
        GroupLayout layout = new() { Bits = _bits, Bytes = bytes, ScaleAt = scaleAt, LowAt = lowAt, HighAt = highAt, Zero = Zero(scaleAt) };
        Span<byte> elements = stackalloc byte[GroupLayout.Elements];
        return layout.IsValid && AreElements(layout, seen, elements) ? new FoundGroups(layout, ElementOrder.Of(elements)) : null;
    }

    private MadeUpTensor Make(int groups) => new(like, GroupTrial.Rows((int)(like.Columns / GroupLayout.Elements), groups), bytes);

    // The first byte that has a bit of a kind; -1: none has.
    private int ByteOf(Predicate<int> isOfKind)
    {
        int bit = 0;
        while (bit < 8 * bytes && !isOfKind(bit))
            bit++;
        return bit == 8 * bytes ? -1 : bit / 8;
    }

    // The minimum that belongs to a scale of 1.
    private float Zero(int scaleAt)
    {
        MadeUpTensor made = Make(1);
        BitConverter.TryWriteBytes(made.Group(0)[scaleAt..], (Half)1);
        UnpackedGroups seen = UnpackedGroups.For(_unpack, like, made.Groups);
        seen.Take(_unpack, made.Tensor, 0, (int)made.Tensor.Rows);
        return seen.Minimums[0];
    }

    // Which element has the lowest bit at each of the layout's places; false unless each has one.
    private static bool AreElements(GroupLayout layout, UnpackedGroups seen, Span<byte> elements)
    {
        uint all = 0;
        for (int place = 0; place < elements.Length; place++)
        {
            int bit = 8 * layout.LowAt + (layout.Bits < 4 ? 8 * (place % 8) + 2 * (place / 8) : 8 * (place % 16) + 4 * (place / 16)), element = seen.Values(bit).IndexOf((byte)1);
            if (element < 0)
                return false;
            elements[place] = (byte)element;
            all |= 1u << element;
        }
        return all == uint.MaxValue;
    }
}
