using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>GPTQ's scales and zero points of four bits, [groups, rows]. Needs AVX2.</summary>
/// <param name="scales">The scales.</param>
/// <param name="zeros">The zero points, words of eight.</param>
/// <param name="rows">The weight's rows.</param>
/// <param name="type">How the scales are stored.</param>
/// <param name="zeroOffset">What is added to the zero points.</param>
internal readonly unsafe struct StoredGroups(byte* scales, byte* zeros, long rows, ScaleType type, int zeroOffset)
{
    private const int MemoryLine = 64;

    private readonly byte* _scales = scales;
    private readonly byte* _zeros = zeros;
    private readonly long _rows = rows;
    private readonly ScaleType _type = type;
    private readonly int _zeroOffset = zeroOffset;

    /// <summary>Asks for what <see cref="Read"/> reads: groups stand apart, so that each would be waited for.</summary>
    public void Ask(int group, int row, int count)
    {
        long at = group * _rows + row;
        int size = _type == ScaleType.F32 ? 4 : 2;
        byte* scales = _scales + at * size, zeros = _zeros + at / 2;
        for (int i = 0; i <= count * size; i += MemoryLine)
            X86.Sse.Prefetch1(scales + i);
        for (int i = 0; i <= count / 2; i += MemoryLine)
            X86.Sse.Prefetch1(zeros + i);
    }

    /// <summary>Reads the scales and the negated minimums of a group's rows.</summary>
    /// <param name="group">The group.</param>
    /// <param name="row">The first row, a multiple of 8.</param>
    /// <param name="count">Rows, a multiple of 8.</param>
    /// <param name="scales">Takes the scales.</param>
    /// <param name="minimums">Takes the negated minimums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(int group, int row, int count, float* scales, float* minimums)
    {
        long at = group * _rows + row;
        for (int i = 0; i < count; i += 8, at += 8)
        {
            Vector256<float> scale = StoredScale.Eight(_scales, at, _type);
            Vector256<int> zeros = Gptq4.Zeros(Unsafe.ReadUnaligned<int>(_zeros + at / 2)) + Vector256.Create(_zeroOffset);
            scale.Store(scales + i);
            (-(scale * Vector256.ConvertToSingle(zeros))).Store(minimums + i);
        }
    }

    /// <summary>Reads the scales and the zero points of a group's rows. Needs AVX-512 F.</summary>
    /// <param name="group">The group.</param>
    /// <param name="row">The first row, a multiple of 8.</param>
    /// <param name="count">Rows, a multiple of 8.</param>
    /// <param name="scales">Takes the scales.</param>
    /// <param name="zeros">Takes the zero points, of a multiple of 16 rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReadZeros(int group, int row, int count, float* scales, sbyte* zeros)
    {
        long at = group * _rows + row;
        int i = 0;
        for (; i <= count - 16; i += 16, at += 16)
        {
            StoredScale.Sixteen(_scales, at, _type).Store(scales + i);
            Zeros(Unsafe.ReadUnaligned<ulong>(_zeros + at / 2)).Store(zeros + i);
        }
        if (i == count)
            return;
        StoredScale.Eight(_scales, at, _type).Store(scales + i);
        Zeros(Unsafe.ReadUnaligned<uint>(_zeros + at / 2)).Store(zeros + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<sbyte> Zeros(ulong words)
    {
        Vector128<byte> stored = Vector128.CreateScalar(words).AsByte(), mask = Vector128.Create((byte)15);
        return X86.Sse2.UnpackLow(stored & mask, (stored.AsUInt16() >> 4).AsByte() & mask).AsSByte() + Vector128.Create((sbyte)_zeroOffset);
    }
}
