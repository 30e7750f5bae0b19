using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>What unpacking some groups has written; the rest, and room before and behind it, stays as nothing writes it.</summary>
/// <param name="groups">Room for so many.</param>
/// <param name="beside">Groups of the room on either side: a plugin may write all rows that it likes to unpack together, whatever it is asked for.</param>
internal sealed unsafe class UnpackedGroups(int groups, int beside)
{
    private const byte Untouched = 0xA5;
    private const int LeastRows = 2, MostRows = 64;

    private readonly byte[] _values = new byte[(groups + 2 * beside) * GroupLayout.Elements];
    private readonly float[] _scales = new float[groups + 2 * beside], _minimums = new float[groups + 2 * beside];

    /// <summary>A group's values.</summary>
    public ReadOnlySpan<byte> Values(int group) => _values.AsSpan((beside + group) * GroupLayout.Elements, GroupLayout.Elements);

    /// <summary>The groups' scales, as they are written.</summary>
    public ReadOnlySpan<int> Scales => MemoryMarshal.Cast<float, int>(_scales.AsSpan(beside));

    /// <summary>The groups' minimums.</summary>
    public ReadOnlySpan<float> Minimums => _minimums.AsSpan(beside);

    /// <summary>Room for the groups of a tensor that a plugin unpacks.</summary>
    public static UnpackedGroups For(IAffineUnpack unpack, WeightTensor weight, int groups) =>
        new(groups, (int)(weight.Columns / GroupLayout.Elements) * Math.Clamp(unpack.RowsTogether, LeastRows, MostRows));

    /// <summary>Unpacks rows.</summary>
    /// <exception cref="Exception">What a plugin's unpacking throws.</exception>
    public void Take(IAffineUnpack unpack, WeightTensor weight, long firstRow, int rowCount)
    {
        _values.AsSpan().Fill(Untouched);
        MemoryMarshal.AsBytes(_scales.AsSpan()).Fill(Untouched);
        MemoryMarshal.AsBytes(_minimums.AsSpan()).Fill(Untouched);
        fixed (byte* values = _values)
        fixed (float* scales = _scales, minimums = _minimums)
            unpack.Unpack(weight, firstRow, rowCount, values + beside * GroupLayout.Elements, scales + beside, minimums + beside);
        GC.KeepAlive(weight);
    }

    /// <summary>Whether all of both is the same, bit for bit; what a NaN carries may differ.</summary>
    public bool IsSameAs(UnpackedGroups other) => _values.AsSpan().SequenceEqual(other._values) && AreSame(_scales, other._scales) && AreSame(_minimums, other._minimums);

    private static bool AreSame(float[] one, float[] other)
    {
        for (int i = 0; i < one.Length; i++)
            if (BitConverter.SingleToInt32Bits(one[i]) != BitConverter.SingleToInt32Bits(other[i]) && !(float.IsNaN(one[i]) && float.IsNaN(other[i])))
                return false;
        return true;
    }
}
