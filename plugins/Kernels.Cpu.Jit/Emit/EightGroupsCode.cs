using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>A row of described groups of two or three bits, eight at a time: the layouts <c>cpu.groups</c>. A vector holds two fours of each group's elements, and nothing is added across it but the two.</summary>
/// <remarks>The arguments are (weights rdi, places rsi, groups edx, turned rcx, steps r8, sums r9, lanes on the stack). rax is the bytes of eight groups, r10 of four. ymm0 holds the lanes.</remarks>
/// <param name="bits">2 or 3.</param>
internal sealed class EightGroupsCode(int bits) : VectorCode
{
    private const int Ahead = 4096, Fours = 4, Eight = 8, Elements = 32;

    // Where the bytes of the groups and the zero stand behind the permutations.
    private const int BytesAt = 3 * VectorBytes, ZeroAt = BytesAt + sizeof(int);

    // Vectors that stay.
    private const int Zero = 15, Low = 16, High = 17, Scale = 18, Pair = 20, Highest = 21, Begin = 22;

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label next = C.CreateLabel(), done = C.CreateLabel();
        C.mov(r11, __qword_ptr[rsp + 8]);
        C.test(edx, edx);
        C.jle(done);
        Prepare();
        C.Label(ref next);
        C.prefetcht0(__byte_ptr[rdi + Ahead]);
        C.prefetcht0(__byte_ptr[rdi + (Ahead + VectorBytes)]);
        C.vmovdqu32(Z[1], __[rdi]);
        C.vmovdqu32(Z[2], __[rdi + r10]);
        Multiply();
        Add();
        C.add(rdi, rax);
        C.add(rcx, Eight * Elements);
        C.add(r8, Eight * sizeof(float));
        C.add(r9, Eight * sizeof(float));
        C.sub(edx, Eight);
        C.jg(next);
        C.vmovups(__ymmword_ptr[r11], Y[0]);
        C.vzeroupper();
        C.Label(ref done);
        C.ret();
        return Assemble();
    }

    private void Prepare()
    {
        C.movsxd(rax, __dword_ptr[rsi + BytesAt]);
        C.lea(r10, __[rax * 4]);
        C.shl(rax, 3);
        C.vmovdqu32(Z[Low], __[rsi]);
        C.vmovdqu32(Z[High], __[rsi + VectorBytes]);
        C.vmovdqu32(Z[Scale], __[rsi + 2 * VectorBytes]);
        // Each scale once.
        C.vpmovdw(Y[Scale], Z[Scale]);
        C.vbroadcastss(Y[Zero], __dword_ptr[rsi + ZeroAt]);
        C.vmovdqu32(Z[Pair], Constant(_ => 3));
        C.vmovdqu32(Z[Highest], Constant(_ => 4));
        // Of the numbers of two groups, a byte begins two bits below an element's.
        for (int two = 0; two < Fours && bits == 3; two++)
        {
            int first = 8 * two - 2;
            C.vmovdqu32(Z[Begin + two], Constant(i => (byte)(first + i / 32 * 4 + i / 4 % 2 * 32 + i % 4 & 63)));
        }
        C.vmovups(Y[0], __ymmword_ptr[r11]);
    }

    /// <summary>Eight groups' dots to register 9, their scales to register 5.</summary>
    private void Multiply()
    {
        Permute(3, Low);
        if (bits == 3)
            Permute(4, High);
        Permute(5, Scale);
        C.vcvtph2ps(Y[5], X[5]);
        C.vpxord(X[9], X[9], X[9]);
        C.vpxord(X[10], X[10], X[10]);
        for (int two = 0; two < Fours; two++)
        {
            if (two == 0)
                C.vpandd(Z[6], Z[3], Z[Pair]);
            else
            {
                C.vpsrld(Z[6], Z[3], (byte)(2 * two));
                C.vpandd(Z[6], Z[6], Z[Pair]);
            }
            if (bits == 3)
            {
                C.vpmultishiftqb(Z[7], Z[Begin + two], Z[4]);
                C.vpternlogd(Z[6], Z[7], Z[Highest], Or);
            }
            C.vpdpbusd(Z[9 + two % 2], Z[6], __[rcx + two * VectorBytes]);
        }
        C.vpaddd(Z[9], Z[9], Z[10]);
        C.vextracti64x4(Y[10], Z[9], 1);
        C.vpaddd(Y[9], Y[9], Y[10]);
    }

    private void Add()
    {
        C.vcvtdq2ps(Y[9], Y[9]);
        C.vmulps(Y[6], Y[5], __ymmword_ptr[r8]);
        C.vfmadd231ps(Y[0], Y[9], Y[6]);
        C.vmulps(Y[6], Y[5], Y[Zero]);
        C.vfnmadd231ps(Y[0], Y[6], __ymmword_ptr[r9]);
    }

    private void Permute(int to, int places)
    {
        C.vmovdqa32(Z[to], Z[places]);
        C.vpermi2b(Z[to], Z[1], Z[2]);
    }
}
