using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Super-blocks of 256 columns; activations have a scale for each block. r12 leads to the scales, r13 to the sums of 32 columns, r14 to those of 16.</summary>
/// <remarks>Behind the lanes the scratch memory has a vector of integers for each activation row, where a block's products are added up; then what is unpacked once in a block, from rcx on.</remarks>
internal abstract class SuperTurnedCode : TurnedCode
{
    /// <summary>A free register for integers.</summary>
    protected const int Dots = 0;

    protected sealed override int BlockColumns => 256;

    protected sealed override int Lanes => 4;

    protected sealed override (int R12, int R13, int R14) Steps => (sizeof(float), 8 * sizeof(short), 16 * sizeof(short));

    protected sealed override void Sections()
    {
        C.mov(r14d, ecx);
        SectionBytes(eax, 3);
        C.lea(r13, __[r14 + rax]);
        SectionBytes(eax, 4);
        C.lea(r12, __[r13 + rax]);
    }

    /// <summary>Lets rcx point behind the integers.</summary>
    protected void PointToUnpacked()
    {
        C.mov(rcx, r15);
        LoadRest(rax);
        // Behind four lanes of so many rows stands a fifth.
        C.sub(rax, rcx);
        C.lea(rcx, __[rcx + rax]);
        C.shr(rax, 2);
        C.add(rcx, rax);
    }

    /// <summary>Lets rbp point to the integers.</summary>
    protected void PointToIntegers() => LoadRest(rbp);

    /// <summary>One group's scale · dot of sixteen weight rows, to a register.</summary>
    /// <param name="to">The register.</param>
    /// <param name="weights">The first vector.</param>
    /// <param name="column">The first column.</param>
    /// <param name="vectors">Vectors of the group.</param>
    /// <param name="scale">The group's number among those behind rcx.</param>
    protected void AddGroup(int to, int weights, int column, int vectors, int scale)
    {
        C.vpxor(X[to], X[to], X[to]);
        AddDots(to, weights, column, vectors);
        C.vpmulld(Z[to], Z[to], __zmmword_ptr[rcx + scale * VectorBytes]);
    }
}
