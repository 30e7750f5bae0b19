using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Abstractions.Quantization;

public static unsafe partial class GroupUnpack
{
    /// <summary>How the low bits of 32 elements are packed; a type argument, so that the calls vanish.</summary>
    private interface ILowBits
    {
        /// <summary>Low bits of an element.</summary>
        static abstract int Bits { get; }

        /// <summary>Bytes of a group.</summary>
        static abstract int Bytes { get; }

        /// <summary>The byte of a group that has an element, for all 32.</summary>
        static abstract Vector256<byte> Places { get; }

        /// <summary>How far eight elements are shifted in it.</summary>
        static abstract Vector256<ulong> Shifts { get; }

        /// <summary>A group's elements.</summary>
        static abstract Vector256<byte> Values(byte* packed);
    }

    private readonly struct Pairs : ILowBits
    {
        public static int Bits => 2;

        public static int Bytes => 8;

        public static Vector256<byte> Places => Vector256.Create(0x0706050403020100UL).AsByte();

        public static Vector256<ulong> Shifts => Vector256.Create(0UL, 2, 4, 6);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> Values(byte* packed)
        {
            ulong eight = Unsafe.ReadUnaligned<ulong>(packed);
            Vector256<ulong> shifted = Avx2.IsSupported ? Avx2.ShiftRightLogicalVariable(Vector256.Create(eight), Shifts) : Vector256.Create(eight, eight >> 2, eight >> 4, eight >> 6);
            return shifted.AsByte() & Vector256.Create((byte)3);
        }
    }

    private readonly struct Nibbles : ILowBits
    {
        public static int Bits => 4;

        public static int Bytes => 16;

        public static Vector256<byte> Places => Vector256.Create(0x0706050403020100UL, 0x0F0E0D0C0B0A0908, 0x0706050403020100, 0x0F0E0D0C0B0A0908).AsByte();

        public static Vector256<ulong> Shifts => Vector256.Create(0UL, 0, 4, 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<byte> Values(byte* packed)
        {
            Vector128<byte> sixteen = Vector128.Load(packed);
            return Vector256.Create(sixteen, (sixteen.AsUInt16() >> 4).AsByte()) & Vector256.Create((byte)15);
        }
    }
}
