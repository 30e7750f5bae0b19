using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>32 packed weights in the order of columns: the low nibbles of 16 bytes, then the high ones.</summary>
internal static unsafe partial class Nibbles
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int One(byte* packed, int column) => packed[column & 15] >> (column >> 4 << 2) & 15;
}
