using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>A block of Q4_K or Q5_K in registers of 256 bits, one group in each.</summary>
internal readonly unsafe struct KBlockDot<TBlock> : ISuperBlockDot
    where TBlock : struct, IKBlock
{
    public static string Name => "avx2";

    public static int Bytes => TBlock.Bytes;

    public static int Scale => 0;

    public static bool HasMinimums => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Dot(byte* block, sbyte* q, short* sums16, short* sums32, out Vector128<int> offsets)
    {
        KScales.Read(block + 4, out ulong scales, out ulong minimums);
        offsets = Sse2.MultiplyAddAdjacent(Sse41.ConvertToVector128Int16(Vector128.CreateScalar(minimums).AsByte()), Vector128.Load(sums32));
        Vector128<short> eight = Sse41.ConvertToVector128Int16(Vector128.CreateScalar(scales).AsByte());
        Vector256<byte> scale = Vector256.Create(eight, eight).AsByte();
        Vector256<byte> fifth = TBlock.HasFifthBits ? Vector256.Load(block + 16) : default;
        byte* nibbles = block + TBlock.Nibbles;
        Vector256<int> even = default, odd = default;
        // Byte pairs 0 1, 2 3, … of the scales.
        Vector256<byte> pick = Vector256.Create((ushort)0x0100).AsByte();
        for (int pair = 0; pair < 4; pair++, nibbles += 32, q += 64)
        {
            Vector256<byte> packed = Vector256.Load(nibbles), low = packed & Vector256.Create((byte)15), high = (packed.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15);
            if (TBlock.HasFifthBits)
            {
                // The 16-bit shifts drag in bits of the neighbour, which the mask removes.
                low |= (fifth.AsUInt16() << 4).AsByte() & Vector256.Create((byte)16);
                high |= (fifth.AsUInt16() << 3).AsByte() & Vector256.Create((byte)16);
                fifth = (fifth.AsUInt16() >> 2).AsByte();
            }
            even += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(low, Vector256.Load(q)), X86.Avx2.Shuffle(scale, pick).AsInt16());
            pick += Vector256.Create((byte)2);
            odd += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(high, Vector256.Load(q + 32)), X86.Avx2.Shuffle(scale, pick).AsInt16());
            pick += Vector256.Create((byte)2);
        }
        return SuperSum.Fold(even + odd);
    }
}
