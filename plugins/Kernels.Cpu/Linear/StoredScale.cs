using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>How scales are stored.</summary>
internal enum ScaleType
{
    /// <summary>32 bits.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of 32 bits.</summary>
    BF16,
}

/// <summary>Reads stored scales. Needs AVX2.</summary>
internal static unsafe class StoredScale
{
    /// <summary>The type that a weight's parameter says.</summary>
    public static ScaleType Of(WeightTensor weight) => weight.Parameters["scale_type"] switch { "f16" => ScaleType.F16, "bf16" => ScaleType.BF16, _ => ScaleType.F32 };

    /// <summary>Eight scales from an index on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(byte* scales, long index, ScaleType type) =>
        type == ScaleType.F32 ? Vector256.Load((float*)scales + index)
        : type == ScaleType.F16 ? HalfFloat.ToSingle(X86.Avx2.ConvertToVector256Int32((ushort*)scales + index))
        : (X86.Avx2.ConvertToVector256Int32((ushort*)scales + index) << 16).AsSingle();

    /// <summary>Sixteen scales from an index on. Needs AVX-512 F.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sixteen(byte* scales, long index, ScaleType type) =>
        type == ScaleType.F32 ? Vector512.Load((float*)scales + index)
        : type == ScaleType.F16 ? HalfFloat.ToSingle(X86.Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)scales + index)))
        : (X86.Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)scales + index)) << 16).AsSingle();

    /// <summary>The bytes that <see cref="Spread"/> picks: of the scales of eight places, each for so many of them.</summary>
    public static Vector256<byte> Picks(ScaleType type, int times)
    {
        // A BF16 is the upper half of its float; where there is nothing, zero.
        int half = type == ScaleType.BF16 ? 2 : 0;
        Span<byte> picks = stackalloc byte[Vector256<byte>.Count];
        picks.Fill(0x80);
        for (int place = 0; place < 8; place++)
            (picks[4 * place + half], picks[4 * place + half + 1]) = ((byte)(2 * (place / times)), (byte)(2 * (place / times) + 1));
        return Vector256.Create((ReadOnlySpan<byte>)picks);
    }

    /// <summary>The scales of eight places from one on, each for 1, 2, 4 or a multiple of 8 of them; reads nothing beyond them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Spread(byte* scales, int place, int times, ScaleType type, Vector256<byte> picks)
    {
        if (type == ScaleType.F32)
            return times switch
            {
                1 => Vector256.Load((float*)scales + place),
                2 => X86.Avx2.PermuteVar8x32(Vector128.Load((float*)scales + place / 2).ToVector256Unsafe(), Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3)),
                4 => X86.Avx2.PermuteVar8x32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>((float*)scales + place / 4)).AsSingle().ToVector256Unsafe(), Vector256.Create(0, 0, 0, 0, 1, 1, 1, 1)),
                _ => Vector256.Create(Unsafe.ReadUnaligned<float>((float*)scales + place / times)),
            };
        Vector256<byte> stored = times switch
        {
            1 => Vector256.Create(Vector128.Load(scales + 2 * place), Vector128.Load(scales + 2 * place)),
            2 => Vector256.Create(Unsafe.ReadUnaligned<ulong>(scales + place)).AsByte(),
            4 => Vector256.Create(Unsafe.ReadUnaligned<uint>(scales + place / 2)).AsByte(),
            _ => Vector256.Create(Unsafe.ReadUnaligned<ushort>(scales + 2 * (place / times))).AsByte(),
        };
        Vector256<byte> spread = X86.Avx2.Shuffle(stored, picks);
        return type == ScaleType.BF16 ? spread.AsSingle() : HalfFloat.ToSingle(spread.AsInt32());
    }

    /// <summary>One scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float One(byte* scales, long index, ScaleType type) => type switch
    {
        ScaleType.F32 => Unsafe.ReadUnaligned<float>((float*)scales + index),
        ScaleType.F16 => HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>((ushort*)scales + index)),
        _ => BitConverter.Int32BitsToSingle(Unsafe.ReadUnaligned<ushort>((ushort*)scales + index) << 16),
    };
}
