using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>Q4_K and Q5_K.</summary>
internal readonly unsafe struct KTileType<TBlock> : ISuperTileType
    where TBlock : struct, IKBlock
{
    public static int BlockBytes => TBlock.Bytes;

    public static int Run => TBlock.HasFifthBits ? 4 : 8;

    public static int Group => 8;

    public static bool HasMinimums => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, byte* q, byte* scales, byte* offsets, out float step, out float minimumStep)
    {
        KScales.Read(block + 4, out ulong scaleBytes, out ulong minimumBytes);
        Vector256<int> scale = X86.Avx2.ConvertToVector256Int32(Vector128.CreateScalar(scaleBytes).AsByte());
        (scale | scale << 16).Store((int*)scales);
        Sse41.ConvertToVector128Int16(Vector128.CreateScalar(minimumBytes).AsByte()).Store((short*)offsets);
        Vector256<byte> nibble = Vector256.Create((byte)15), bit = Vector256.Create((byte)16);
        Vector256<byte> fifth = TBlock.HasFifthBits ? Vector256.Load(block + 16) : default;
        byte* nibbles = block + TBlock.Nibbles;
        for (int pair = 0; pair < 4; pair++, nibbles += 32, q += 64)
        {
            Vector256<byte> packed = Vector256.Load(nibbles), low = packed & nibble, high = (packed.AsUInt16() >> 4).AsByte() & nibble;
            if (TBlock.HasFifthBits)
            {
                // The 16-bit shifts drag in bits of the neighbour, which the mask removes.
                low |= (fifth.AsUInt16() << 4).AsByte() & bit;
                high |= (fifth.AsUInt16() << 3).AsByte() & bit;
                fifth = (fifth.AsUInt16() >> 2).AsByte();
            }
            low.Store(q);
            high.Store(q + 32);
        }
        int halves = Unsafe.ReadUnaligned<int>(block);
        Vector128<float> both = HalfFloat.ToSingle(Vector128.Create(halves, halves >>> 16, 0, 0));
        step = both.ToScalar();
        minimumStep = both.GetElement(1);
    }
}
