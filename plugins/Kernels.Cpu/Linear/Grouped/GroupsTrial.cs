using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>A tile source's loop over groups beside the built-in one, on the same groups and activations: whether all bits are the same, and how much faster it is.</summary>
/// <param name="IsEqual">Whether all products are bitwise the same.</param>
/// <param name="Gain">The built-in loop's time / its time, of the best of many turns.</param>
internal readonly unsafe record struct GroupsTrial(bool IsEqual, double Gain)
{
    private const int Rows = 16, MostGroups = 32, Prefetched = 8192 + 128;

    /// <summary>What that says.</summary>
    public Verdict Verdict => new(IsEqual, Gain >= TrialTime.Worth, Verdict.Times(Gain));

    public static GroupsTrial Run(int bits, NativeGroups native, CpuIsa isa)
    {
        const int columns = MostGroups * GroupLayout.Elements, weightBytes = (Rows * MostGroups * GroupPlaces.MostPermuted) + Prefetched;
        byte* weights = Take(weightBytes), activation = Take(Int8Activation.Bytes(columns)), turned = Take(columns);
        try
        {
            Random random = new(1);
            bool equal = true;
            GroupedRows? one = null, other = null;
            foreach (GroupLayout layout in Layouts(bits))
                foreach (int groups in (int[])[MostGroups, 8, 24, 13])
                    foreach (bool largest in (bool[])[true, false])
                    {
                        random.NextBytes(new Span<byte>(weights, weightBytes));
                        // Wherever a scale stands, it is a number.
                        foreach (ref byte value in new Span<byte>(weights, weightBytes))
                            value &= 0xFB;
                        Fill(activation, groups * GroupLayout.Elements, largest ? null : random, isa);
                        (one, other) = (GroupedRows.Of(layout, isa)!, GroupedRows.Of(layout, isa, native)!);
                        one.Turn(activation, groups * GroupLayout.Elements, turned);
                        equal &= Products(one, weights, groups, activation, turned).AsSpan().SequenceEqual(Products(other, weights, groups, activation, turned));
                    }
            Fill(activation, columns, random, isa);
            one!.Turn(activation, columns, turned);
            return new(equal, TrialTime.Gain(() => Multiply(one!, weights, activation, turned), () => Multiply(other!, weights, activation, turned)));
        }
        finally
        {
            foreach (nint memory in (nint[])[(nint)weights, (nint)activation, (nint)turned])
                NativeMemory.AlignedFree((void*)memory);
        }
    }

    // The parts in both orders, with all bytes taken or not; of two bits without the highest.
    private static GroupLayout[] Layouts(int bits) =>
    [
        new() { Bits = bits, Bytes = 16, ScaleAt = 13, HighAt = 8, LowAt = 0, Zero = 1.5f },
        new() { Bits = bits, Bytes = 10 + (4 * (bits - 2)), ScaleAt = 0, LowAt = 2, HighAt = 10, Zero = 1 << (bits - 1) },
    ];

    private static int[] Products(GroupedRows groups, byte* weights, int count, byte* activation, byte* turned)
    {
        int[] products = new int[Rows];
        fixed (int* to = products)
            groups.Multiply(weights, weights + (Rows * count * groups.Bytes), Rows, count * GroupLayout.Elements, activation, turned, (float*)to);
        return products;
    }

    private static void Multiply(GroupedRows groups, byte* weights, byte* activation, byte* turned)
    {
        float* output = stackalloc float[Rows];
        groups.Multiply(weights, weights + (Rows * MostGroups * groups.Bytes), Rows, MostGroups * GroupLayout.Elements, activation, turned, output);
    }

    // All of one sign and size, or any.
    private static void Fill(byte* activation, int columns, Random? random, CpuIsa isa)
    {
        float[] x = [.. Enumerable.Range(0, columns).Select(_ => random is null ? 1 : random.NextSingle() - 0.5f)];
        fixed (float* source = x)
            Int8Activation.Prepare(source, columns, activation, isa);
    }

    private static byte* Take(long bytes) => (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
}
