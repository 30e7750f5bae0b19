namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>Found groups beside the unpacking of the type that they were found by.</summary>
/// <param name="type">The type's unpacking.</param>
/// <param name="found">What was found.</param>
internal sealed class GroupTrial(IAffineUnpack type, FoundGroups found)
{
    private const int Groups = 512, LeastRows = 3, MostRows = 8, Elements = 1 << 15;

    // As float16s: one, none of both kinds, infinities, zeros, the least numbers and the greatest that are subnormal, the least that is not, the greatest.
    private static readonly ushort[] Scales = [0x3C00, 0xBC00, 0x7E00, 0xFE01, 0x7D01, 0x7C00, 0xFC00, 0, 0x8000, 1, 0x8001, 0x03FF, 0x83FF, 0x0400, 0x8400, 0x7BFF, 0xFBFF];

    /// <summary>Rows of a made-up tensor that has enough groups, and several rows.</summary>
    public static int Rows(int groupsOfRow, int groups = Groups) => Math.Max(LeastRows, (groups + groupsOfRow - 1) / groupsOfRow);

    /// <summary>Whether both unpack the same of made-up tensors: no bit set, all bits, and random ones, with the scales as they come and with those that are special.</summary>
    public bool IsEqual(WeightTensor like)
    {
        GroupLayout layout = found.Layout;
        MadeUpTensor made = new(like, Rows((int)(like.Columns / GroupLayout.Elements)), layout.Bytes);
        int rows = (int)made.Tensor.Rows;
        UnpackedGroups expected = UnpackedGroups.For(type, like, made.Groups), unpacked = UnpackedGroups.For(type, like, made.Groups);
        Random random = new(1);
        if (!IsEqual(made.Tensor, 0, rows, expected, unpacked))
            return false;
        made.Bytes.Fill(0xFF);
        if (!IsEqual(made.Tensor, 0, rows, expected, unpacked))
            return false;
        random.NextBytes(made.Bytes);
        if (!IsEqual(made.Tensor, 0, rows, expected, unpacked) || !IsEqual(made.Tensor, 1, rows - 1, expected, unpacked) || !IsEqual(made.Tensor, rows - 1, 1, expected, unpacked))
            return false;
        random.NextBytes(made.Bytes);
        for (int group = 0; group < made.Groups; group++)
            BitConverter.TryWriteBytes(made.Group(group)[layout.ScaleAt..], Scales[group % Scales.Length]);
        return IsEqual(made.Tensor, 0, rows, expected, unpacked);
    }

    /// <summary>Whether both unpack the same of a tensor's first and last row and some between.</summary>
    public bool IsEqualIn(WeightTensor weight)
    {
        int groups = (int)(weight.Columns / GroupLayout.Elements);
        UnpackedGroups expected = UnpackedGroups.For(type, weight, groups), unpacked = UnpackedGroups.For(type, weight, groups);
        int count = (int)Math.Min(weight.Rows, Math.Clamp(Elements / weight.Columns, LeastRows, MostRows));
        for (int i = 0; i < count; i++)
            if (!IsEqual(weight, count == 1 ? 0 : i * (weight.Rows - 1) / (count - 1), 1, expected, unpacked))
                return false;
        return true;
    }

    private bool IsEqual(WeightTensor weight, long firstRow, int rowCount, UnpackedGroups expected, UnpackedGroups unpacked)
    {
        expected.Take(type, weight, firstRow, rowCount);
        unpacked.Take(found, weight, firstRow, rowCount);
        return expected.IsSameAs(unpacked);
    }
}
