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
    /// <summary>Bytes that the processor reads of memory at once.</summary>
    public const int MemoryLine = 64;

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

    /// <summary>Reads the scales and the zero points of a group's rows.</summary>
    /// <param name="group">The group.</param>
    /// <param name="row">The first row, a multiple of 8.</param>
    /// <param name="count">Rows, a multiple of 8.</param>
    /// <param name="sixteen">Whether to read sixteen at a time, which needs AVX-512 F.</param>
    /// <param name="scales">Takes the scales.</param>
    /// <param name="zeros">Takes the zero points.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(int group, int row, int count, bool sixteen, float* scales, sbyte* zeros)
    {
        long at = group * _rows + row;
        int i = 0;
        if (sixteen)
            for (; i <= count - 16; i += 16, at += 16)
            {
                StoredScale.Sixteen(_scales, at, _type).Store(scales + i);
                Zeros(Unsafe.ReadUnaligned<ulong>(_zeros + at / 2)).Store(zeros + i);
            }
        for (; i < count; i += 8, at += 8)
        {
            StoredScale.Eight(_scales, at, _type).Store(scales + i);
            Unsafe.WriteUnaligned(zeros + i, Zeros(Unsafe.ReadUnaligned<uint>(_zeros + at / 2)).AsUInt64().ToScalar());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<sbyte> Zeros(ulong words)
    {
        Vector128<byte> stored = Vector128.CreateScalar(words).AsByte(), mask = Vector128.Create((byte)15);
        return X86.Sse2.UnpackLow(stored & mask, (stored.AsUInt16() >> 4).AsByte() & mask).AsSByte() + Vector128.Create((sbyte)_zeroOffset);
    }
}
