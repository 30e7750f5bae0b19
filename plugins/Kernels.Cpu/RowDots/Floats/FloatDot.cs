namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Dot products of one float row with several others, the kernel of the reference path: (row, others, stride in floats, count, columns, output, output stride in floats). Each result is bitwise what a count of 1 gives.</summary>
/// <param name="instructionSet">What the kernel uses, for people to read.</param>
/// <param name="dot">The kernel.</param>
internal unsafe readonly struct FloatDot(string instructionSet, delegate*<float*, float*, nint, int, int, float*, nint, void> dot)
{
    /// <summary>What the kernel uses.</summary>
    public string InstructionSet { get; } = instructionSet;

    /// <summary>(row, others, stride, count, columns, output, outputStride): output[i · outputStride] = row · others[i · stride …]. Any number of columns, any address.</summary>
    public delegate*<float*, float*, nint, int, int, float*, nint, void> Dot { get; } = dot;

    /// <summary>The fastest kernel within an instruction set.</summary>
    public static FloatDot For(CpuIsa isa) =>
        isa.Avx512 ? new("avx512", &FloatDots.Avx512) : isa.Avx2 ? new("avx2", &FloatDots.Avx2) : new("scalar", &FloatDots.Scalar);
}
