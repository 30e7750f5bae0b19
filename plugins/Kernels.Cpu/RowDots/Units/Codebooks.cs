using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tessera.Quant.Ggml.Codebooks;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>The formats' codebooks with a byte for each value, so that an entry is one load. Pinned: a kernel takes a table's address once per call.</summary>
internal static unsafe class Codebooks
{
    private static readonly byte[] Xxs2 = Expand(Iq2XxsGrid.Entries, 2, [8, 25, 43, 0]);
    private static readonly byte[] Xs2 = Expand(Iq2XsGrid.Entries, 2, [8, 25, 43, 0]);
    private static readonly byte[] S2 = Expand(Iq2SGrid.Entries, 2, [8, 25, 43, 0]);
    private static readonly byte[] Xxs3 = Expand(Iq3XxsGrid.Entries, 4, [4, 12, 20, 28, 36, 44, 52, 62, 0, 0, 0, 0, 0, 0, 0, 0]);
    private static readonly byte[] S3 = Expand(Iq3SGrid.Entries, 4, [1, 3, 5, 7, 9, 11, 13, 15, 0, 0, 0, 0, 0, 0, 0, 0]);
    private static readonly byte[] One = Expand(Iq1Grid.Entries, 2, [unchecked((byte)-8), 0, 8, 0]);

    /// <summary>IQ2_XXS: 256 entries of 8 magnitudes.</summary>
    public static byte* Iq2Xxs => Address(Xxs2);

    /// <summary>IQ2_XS: 512 entries of 8 magnitudes.</summary>
    public static byte* Iq2Xs => Address(Xs2);

    /// <summary>IQ2_S: 1024 entries of 8 magnitudes.</summary>
    public static byte* Iq2S => Address(S2);

    /// <summary>IQ3_XXS: 256 entries of 4 magnitudes.</summary>
    public static byte* Iq3Xxs => Address(Xxs3);

    /// <summary>IQ3_S: 512 entries of 4 magnitudes.</summary>
    public static byte* Iq3S => Address(S3);

    /// <summary>IQ1_S and IQ1_M: 2048 entries of 8 trits, times 8.</summary>
    public static byte* Iq1 => Address(One);

    private static byte* Address(byte[] table) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(table));

    /// <summary>Entries of 16 bits: values of some bits each, the lowest first, which name levels.</summary>
    private static byte[] Expand(ReadOnlySpan<ushort> entries, int bits, ReadOnlySpan<byte> levels)
    {
        int values = 16 / bits;
        byte[] table = GC.AllocateUninitializedArray<byte>(entries.Length * values, pinned: true);
        for (int i = 0; i < table.Length; i++)
            table[i] = levels[entries[i / values] >> i % values * bits & (1 << bits) - 1];
        return table;
    }
}
