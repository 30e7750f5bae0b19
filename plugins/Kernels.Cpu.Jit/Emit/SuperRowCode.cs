using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows of super-blocks of 256 columns, four taken together; activations have a scale for each block. rbx is the sums of 32, r12 the scales, r13 the sums of 16.</summary>
/// <remarks>xmm6 holds four blocks' scales, xmm7 their minimums' scales, zmm14 their minimums.</remarks>
internal abstract class SuperRowCode : RowCode
{
    private const int FirstDwords = 0x1111;

    /// <summary>Whether minimums are subtracted.</summary>
    protected abstract bool HasMinimums { get; }

    protected sealed override int BlockColumns => 256;

    protected sealed override int Together => 4;

    protected sealed override (int Rbx, int R12, int R13) Steps => (Together * BlockColumns / 16, Together * sizeof(float), Together * BlockColumns / 8);

    /// <summary>Unpacks what stands once in each of so many blocks.</summary>
    protected abstract void Heads(int blocks);

    /// <summary>Σ scale · dot of a block in sixteen parts.</summary>
    protected abstract void Block(int block);

    protected override void Sections()
    {
        // The upper half of an integer's register is anything.
        C.mov(ecx, ecx);
        C.lea(r13, __[r8 + rcx]);
        SectionBytes(eax, 3);
        C.lea(rbx, __[r13 + rax]);
        SectionBytes(eax, 4);
        C.lea(r12, __[rbx + rax]);
        C.mov(eax, FirstDwords);
        C.kmovd(k2, eax);
    }

    protected sealed override void Multiply(int blocks)
    {
        Heads(blocks);
        for (int block = 0; block < blocks; block++)
            Block(block);
    }

    /// <summary>Adds scale · dot of 64 columns.</summary>
    /// <param name="block">The block.</param>
    /// <param name="column">Its first column of the 64.</param>
    /// <param name="weights">64 unsigned bytes in the order of columns.</param>
    /// <param name="scales">Each four columns' scale in the lower half of 32 bits, nothing in the upper one: the dots of four fit into 16 bits, so that a product of shorts is one of integers.</param>
    /// <param name="isFirst">Whether nothing was added yet.</param>
    protected void Add(int block, int column, AssemblerRegisterZMM weights, AssemblerRegisterZMM scales, bool isFirst)
    {
        C.vpxor(X[4], X[4], X[4]);
        C.vpdpbusd(Z[4], weights, __[rax + (block * BlockColumns + column)]);
        if (isFirst)
            C.vpmaddwd(Z[Integers + block], Z[4], scales);
        else
            C.vpdpwssd(Z[Integers + block], Z[4], scales);
    }

    /// <summary>Block i of four goes to lane i, by a fused multiply-add with the product of both scales, then of its minimums.</summary>
    protected sealed override void AddToSum(int blocks)
    {
        Transpose(blocks);
        C.vextracti64x4(Y[5], Z[4], 1);
        C.vpaddd(Y[4], Y[4], Y[5]);
        C.vextracti128(X[5], Y[4], 1);
        C.vpaddd(X[4], X[4], X[5]);
        C.vcvtdq2ps(X[4], X[4]);
        C.vmovups(X[5], __[r12]);
        C.vmulps(X[13], X[6], X[5]);
        C.evex.vfmadd231ps(X[Sum], X[4], X[13]);
        if (!HasMinimums)
            return;
        C.vpmaddwd(Z[4], Z[14], __[rbx]);
        C.vpshufd(Z[13], Z[4], 0b01_00_11_10);
        C.vpaddd(Z[4], Z[4], Z[13]);
        C.vpshufd(Z[13], Z[4], 0b10_11_00_01);
        C.vpaddd(Z[4], Z[4], Z[13]);
        C.vpcompressd(Z[4].k2.z, Z[4]);
        C.vcvtdq2ps(X[4], X[4]);
        C.vmulps(X[13], X[7], X[5]);
        C.evex.vfnmadd231ps(X[Sum], X[4], X[13]);
    }

    protected sealed override void Fold() => C.vmovdqa32(X[5], X[Sum]);
}
