using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>Q6_K.</summary>
internal readonly unsafe struct Q6KTileType : ISuperTileType
{
    public static int BlockBytes => Q6KDot.Bytes;

    public static int Run => 2;

    public static int Group => 4;

    public static bool HasMinimums => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* block, byte* q, byte* scales, byte* offsets, out float step, out float minimumStep)
    {
        Vector256<short> scale = X86.Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)block + Q6KDot.Scales));
        (-(scale << Q6KDot.ZeroShift)).Store((short*)offsets);
        Vector256<uint> low = X86.Avx2.ConvertToVector256Int32(scale.GetLower().AsUInt16()).AsUInt32(), high = X86.Avx2.ConvertToVector256Int32(scale.GetUpper().AsUInt16()).AsUInt32();
        (low | low << 16).Store((uint*)scales);
        (high | high << 16).Store((uint*)scales + 8);
        Vector256<byte> nibble = Vector256.Create((byte)15), two = Vector256.Create((byte)0x30);
        for (byte* nibbles = block, top = block + Q6KDot.Top; nibbles < block + Q6KDot.Top; nibbles += 64, top += 32, q += 128)
        {
            Vector256<byte> a = Vector256.Load(nibbles), b = Vector256.Load(nibbles + 32), bits = Vector256.Load(top);
            (a & nibble | (bits.AsUInt16() << 4).AsByte() & two).Store(q);
            (b & nibble | (bits.AsUInt16() << 2).AsByte() & two).Store(q + 32);
            ((a.AsUInt16() >> 4).AsByte() & nibble | bits & two).Store(q + 64);
            ((b.AsUInt16() >> 4).AsByte() & nibble | (bits.AsUInt16() >> 2).AsByte() & two).Store(q + 96);
        }
        step = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + Q6KDot.SuperScale));
        minimumStep = 0;
    }
}
