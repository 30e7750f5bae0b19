using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows of nibbles with scales apart from them, times one to three activation rows: the layouts <c>cpu.nibbles</c>. A load holds the nibbles of four groups, each in 128 bits of its own.</summary>
/// <remarks>
/// The argument is the call, rdi. rsi is the nibbles, which rows follow each other in; r10 and r11 the row's scales and what else belongs to them, r8 and r9 those of eight groups; rbx the activations, ecx the eights that are left,
/// r12d the rows, r13 the output, r14 the bytes of the last groups, r15d the eights that still have the same scale, ebp where a zero point stands. k1 and k2 are the last groups' nibbles, k3 their lanes.
/// </remarks>
/// <param name="scales">Scales and minimums.</param>
internal sealed class NibbleCode(NibbleScales scales) : VectorCode
{
    private const int Most = 3, Ahead = 4096, Lanes = 8, GroupBytes = 16, EightBytes = Lanes * GroupBytes;

    // What activations have of eight groups: their values, then their scales, then their sums.
    private const int Steps = 2 * EightBytes, Sums = Steps + Lanes * sizeof(float), RecordBytes = Sums + Lanes * sizeof(float);

    // The first of the vectors with sums; vectors that stay.
    private const int Sum = 13, Nibble = 16, Gather = 17, Levels = 18;

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label done = C.CreateLabel();
        Push();
        C.mov(r12d, __dword_ptr[rdi + NibbleCall.Rows]);
        C.test(r12d, r12d);
        C.jle(done);
        Prepare();
        for (int count = 1; count <= Most; count++)
        {
            Label other = C.CreateLabel();
            C.cmp(__dword_ptr[rdi + NibbleCall.Count], count);
            C.jne(count < Most ? other : done);
            Rows(count);
            if (count == Most)
                break;
            C.jmp(done);
            C.Label(ref other);
        }
        C.Label(ref done);
        Return();
        return Assemble();
    }

    private void Prepare()
    {
        C.mov(rsi, __qword_ptr[rdi + NibbleCall.Weights]);
        C.mov(r10, __qword_ptr[rdi + NibbleCall.Scales]);
        C.mov(r11, __qword_ptr[rdi + NibbleCall.Others]);
        C.mov(r13, __qword_ptr[rdi + NibbleCall.Output]);
        C.mov(ebp, __dword_ptr[rdi + NibbleCall.Shift]);
        C.vmovdqu32(Z[Nibble], Constant(_ => 15));
        // Of the first and the second vector's sums in turn: all of the first, then all of the second.
        C.vmovdqu32(Z[Gather], Constant(i => (byte)(i % 4 > 0 || i >= 32 ? 0 : i / 4 % 4 * 4 + i / 16)));
        if (scales.HasLevels)
            C.vmovdqu32(Z[Levels], Constant(i => ((byte[])[12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0])[i % 16]));
        scales.Prepare(this, C);
        C.mov(ecx, __dword_ptr[rdi + NibbleCall.Groups]);
        C.and(ecx, Lanes - 1);
        C.mov(edx, -1);
        C.bzhi(eax, edx, ecx);
        C.kmovd(k3, eax);
        scales.Mask(C);
        C.mov(r14d, ecx);
        C.shl(r14d, 4);
        C.shl(ecx, 2);
        C.bzhi(eax, edx, ecx);
        C.kmovd(k1, eax);
        C.shr(eax, 16);
        C.kmovd(k2, eax);
    }

    private void Rows(int count)
    {
        Label next = C.CreateLabel(), eight = C.CreateLabel(), rest = C.CreateLabel(), end = C.CreateLabel();
        C.Label(ref next);
        scales.Ask(C);
        C.mov(r8, r10);
        C.mov(r9, r11);
        C.mov(rbx, __qword_ptr[rdi + NibbleCall.Activations]);
        scales.Begin(C);
        for (int row = 0; row < count; row++)
            C.vpxor(X[Sum + row], X[Sum + row], X[Sum + row]);
        C.mov(ecx, __dword_ptr[rdi + NibbleCall.Groups]);
        C.shr(ecx, 3);
        C.jz(rest);
        C.Label(ref eight);
        C.prefetcht0(__byte_ptr[rsi + Ahead]);
        C.prefetcht0(__byte_ptr[rsi + (Ahead + VectorBytes)]);
        Eight(count, isLast: false);
        C.add(rsi, EightBytes);
        C.add(rbx, count * RecordBytes);
        scales.Advance(C);
        C.dec(ecx);
        C.jne(eight);
        C.Label(ref rest);
        C.test(r14d, r14d);
        C.jz(end);
        Eight(count, isLast: true);
        C.add(rsi, r14);
        C.Label(ref end);
        Write(count);
        scales.NextRow(C);
        C.dec(r12d);
        C.jne(next);
    }

    /// <summary>Eight groups, or the last ones, behind which nothing is read.</summary>
    private void Eight(int count, bool isLast)
    {
        C.vmovdqu32(isLast ? Z[0].k1.z : Z[0], __[rsi]);
        C.vmovdqu32(isLast ? Z[1].k2.z : Z[1], __[rsi + VectorBytes]);
        for (int half = 0; half < 2; half++)
        {
            C.vpandd(Z[2 + half], Z[half], Z[Nibble]);
            C.vpsrlw(Z[half], Z[half], 4);
            C.vpandd(Z[half], Z[half], Z[Nibble]);
            if (!scales.HasLevels)
                continue;
            C.vpshufb(Z[2 + half], Z[Levels], Z[2 + half]);
            C.vpshufb(Z[half], Z[Levels], Z[half]);
        }
        scales.Load(C, isLast);
        for (int row = 0; row < count; row++)
        {
            int at = row * RecordBytes;
            Dots(at);
            C.vcvtdq2ps(Y[8], Y[8]);
            C.vmulps(Y[9], Y[NibbleScales.Scale], __[rbx + (at + Steps)]);
            C.vfmadd231ps(Y[Sum + row], Y[8], Y[9]);
            if (scales.IsMinimumNegated(isLast))
                C.vfmadd231ps(Y[Sum + row], Y[NibbleScales.Minimum], __[rbx + (at + Sums)]);
            else
                C.vfnmadd231ps(Y[Sum + row], Y[NibbleScales.Minimum], __[rbx + (at + Sums)]);
        }
    }

    /// <summary>The products of eight groups, to register 8.</summary>
    private void Dots(int at)
    {
        for (int half = 0; half < 2; half++)
        {
            C.vpxor(X[6 + half], X[6 + half], X[6 + half]);
            C.vpdpbusd(Z[6 + half], Z[2 + half], __[rbx + (at + 2 * half * VectorBytes)]);
            C.vpdpbusd(Z[6 + half], Z[half], __[rbx + (at + (2 * half + 1) * VectorBytes)]);
        }
        C.vpunpckldq(Z[8], Z[6], Z[7]);
        C.vpunpckhdq(Z[9], Z[6], Z[7]);
        C.vpaddd(Z[8], Z[8], Z[9]);
        C.vpshufd(Z[9], Z[8], 0b_01_00_11_10);
        C.vpaddd(Z[8], Z[8], Z[9]);
        C.vpermd(Z[8], Z[Gather], Z[8]);
    }

    /// <summary>((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) of the lanes.</summary>
    private void Write(int count)
    {
        C.mov(rax, r13);
        for (int row = 0; row < count; row++)
        {
            C.vextractf128(X[5], Y[Sum + row], 1);
            C.vaddps(X[5], X[5], X[Sum + row]);
            C.vmovhlps(X[4], X[5], X[5]);
            C.vaddps(X[5], X[5], X[4]);
            C.vmovshdup(X[4], X[5]);
            C.vaddss(X[5], X[5], X[4]);
            C.vmovss(__dword_ptr[rax], X[5]);
            if (row + 1 < count)
                C.add(rax, __qword_ptr[rdi + NibbleCall.OutputBytes]);
        }
        C.add(r13, sizeof(float));
    }
}
