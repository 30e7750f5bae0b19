using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Scales, which are halves, and negated minimums of rows: the layouts <c>cpu.factors</c>. A run of rows at a time.</summary>
/// <remarks>The arguments are (scales rdi, zero points rsi, what is added to these edx, rows ecx, floats r8, minimums r9).</remarks>
internal abstract class FactorsCode : VectorCode
{
    // Vectors that stay.
    private const int Offset = 31, Sign = 30, Nibble = 29;

    private const int ScaleBytes = 2, ZerosOfByte = 2;

    /// <summary>Rows of a run.</summary>
    protected abstract int Rows { get; }

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label next = C.CreateLabel(), done = C.CreateLabel();
        C.sub(ecx, Rows);
        C.jl(done);
        C.vpbroadcastd(Z[Offset], edx);
        Keep(Sign, i => (byte)(i % sizeof(float) == sizeof(float) - 1 ? 0x80 : 0));
        Keep(Nibble, i => (byte)(i % sizeof(int) == 0 ? 15 : 0));
        Begin();
        C.Label(ref next);
        Run();
        C.add(rdi, Rows * ScaleBytes);
        C.add(rsi, Rows / ZerosOfByte);
        C.add(r8, Rows * sizeof(float));
        C.add(r9, Rows * sizeof(float));
        C.sub(ecx, Rows);
        C.jge(next);
        C.Label(ref done);
        C.vzeroupper();
        C.ret();
        return Assemble();
    }

    /// <summary>Fills what stays.</summary>
    protected abstract void Begin();

    /// <summary>Writes a run.</summary>
    protected abstract void Run();

    /// <summary>Writes a vector of floats, and the minimums of their zero points.</summary>
    /// <param name="scales">The floats.</param>
    /// <param name="zeros">The zero points, which may be bytes with more in their upper half.</param>
    /// <param name="vector">The vector's number within the run.</param>
    protected void Write(int scales, int zeros, int vector)
    {
        C.vpandd(Z[zeros], Z[zeros], Z[Nibble]);
        C.vpaddd(Z[zeros], Z[zeros], Z[Offset]);
        C.vcvtdq2ps(Z[zeros], Z[zeros]);
        C.vmulps(Z[zeros], Z[zeros], Z[scales]);
        C.vpxord(Z[zeros], Z[zeros], Z[Sign]);
        C.vmovups(__zmmword_ptr[r8 + vector * VectorBytes], Z[scales]);
        C.vmovups(__zmmword_ptr[r9 + vector * VectorBytes], Z[zeros]);
    }
}
