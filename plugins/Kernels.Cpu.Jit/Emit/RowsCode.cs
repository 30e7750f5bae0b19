using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>
/// Weight rows in their file's bytes times one to <see cref="Most"/> activation rows: the layouts <c>cpu.rows</c>. Some blocks are taken together, and each is unpacked once for all activation rows. What blocks and
/// activations look like is the derived classes'.
/// </summary>
/// <remarks>
/// The arguments are (weights rdi, rowBytes rsi, rowCount edx, columns ecx, activations r8, stride r9, output and outputStride on the stack). r10 is three strides; r11 the block; rax, rbx, r12 and r13 the first
/// activation row's values and three more of its sections; r14 the output, r15 its stride; ebp the blocks that are left. Vectors 16 to 20 hold the sums, 8 to 11 or 12 the integers of the blocks taken together.
/// </remarks>
internal abstract class RowsCode(int rows)
{
    /// <summary>Activation rows of the largest code.</summary>
    public const int Most = 5;

    /// <summary>The first of the vectors with sums.</summary>
    protected const int Sum = 16;

    /// <summary>The boolean function of a ternary operation: a | b &amp; c.</summary>
    protected const int Or = 0xF8;

    protected const int VectorBytes = 64;

    private const int Accumulators = 4, Pushed = 6 * 8, Ahead = 4096, Slots = 5 * 8;

    protected static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    protected static readonly AssemblerRegisterYMM[] Y =
    [
        ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15, ymm16, ymm17, ymm18, ymm19, ymm20,
    ];

    protected static readonly AssemblerRegisterXMM[] X =
    [
        xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15, xmm16, xmm17, xmm18, xmm19, xmm20,
    ];

    private readonly List<(Label Label, byte[] Bytes)> _constants = [];

    /// <summary>Activation rows.</summary>
    protected int Rows { get; } = rows;

    protected Assembler C { get; } = new(64);

    /// <summary>Bytes of a block.</summary>
    protected abstract int BlockBytes { get; }

    /// <summary>Columns of a block, a power of two.</summary>
    protected abstract int BlockColumns { get; }

    /// <summary>Blocks that are taken together.</summary>
    protected abstract int Together { get; }

    /// <summary>What is added to rbx, r12 and r13 for blocks that were taken together.</summary>
    protected abstract (int Rbx, int R12, int R13) Steps { get; }

    /// <summary>The register with the integers of an activation row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="at">Which of the up to four vectors of the blocks that are taken together.</param>
    protected int Integers(int row, int at) => 8 + (Rows == 1 ? at : row);

    /// <summary>Lets rbx, r12 and r13 point to the first activation row's sections. rax, rbp and the vectors are free.</summary>
    protected abstract void Sections();

    /// <summary>Puts into registers what stays there.</summary>
    protected abstract void Prepare();

    /// <summary>Unpacks so many blocks and leaves their integers in registers, where there is one activation row, or where <see cref="Keep"/> puts them.</summary>
    protected abstract void Multiply(int blocks);

    /// <summary>Adds the blocks' integers times their scales to an activation row's sums.</summary>
    protected abstract void AddToSum(int row, int blocks);

    /// <summary>The four lanes of the first step in which an activation row's lanes are added, to xmm5.</summary>
    protected abstract void Fold(int row);

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label next = C.CreateLabel(), group = C.CreateLabel(), rest = C.CreateLabel(), end = C.CreateLabel(), done = C.CreateLabel();
        Begin(done);
        C.Label(ref next);
        C.mov(r11, rdi);
        C.mov(rax, r8);
        C.mov(rbx, Slot(0));
        C.mov(r12, Slot(1));
        C.mov(r13, Slot(2));
        for (int row = 0; row < Rows; row++)
            C.vpxord(X[Sum + row], X[Sum + row], X[Sum + row]);
        C.mov(ebp, ecx);
        C.shr(ebp, (byte)System.Numerics.BitOperations.Log2((uint)BlockColumns));
        C.cmp(ebp, Together);
        C.jl(rest);
        C.Label(ref group);
        Group(Together);
        C.add(r11, Together * BlockBytes);
        C.add(rax, Together * BlockColumns);
        C.add(rbx, Steps.Rbx);
        C.add(r12, Steps.R12);
        C.add(r13, Steps.R13);
        C.sub(ebp, Together);
        C.cmp(ebp, Together);
        C.jge(group);
        C.Label(ref rest);
        for (int left = 1; left < Together; left++)
        {
            bool isLast = left + 1 == Together;
            Label other = isLast ? end : C.CreateLabel();
            C.cmp(ebp, left);
            C.jne(other);
            Group(left);
            if (isLast)
                break;
            C.jmp(end);
            C.Label(ref other);
        }
        C.Label(ref end);
        Write();
        C.add(r14, sizeof(float));
        C.add(rdi, rsi);
        C.dec(edx);
        C.jne(next);
        C.Label(ref done);
        C.mov(rsp, Slot(3));
        C.vzeroupper();
        foreach (AssemblerRegister64 register in (AssemblerRegister64[])[r15, r14, r13, r12, rbp, rbx])
            C.pop(register);
        C.ret();
        foreach ((Label label, byte[] bytes) in _constants)
        {
            Label here = label;
            C.Label(ref here);
            C.db(bytes);
        }
        using MemoryStream stream = new();
        C.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    /// <summary>Where an activation row's part stands.</summary>
    protected static AssemblerMemoryOperand At(AssemblerRegister64 first, int row, int offset) => row switch
    {
        0 => __[first + offset],
        3 => __[first + r10 + offset],
        _ => __[first + r9 * row + offset],
    };

    /// <summary>64 bytes behind the code.</summary>
    protected AssemblerMemoryOperand Constant(Func<int, byte> value)
    {
        Label label = C.CreateLabel();
        _constants.Add((label, [.. Enumerable.Range(0, VectorBytes).Select(value)]));
        return __zmmword_ptr[label];
    }

    /// <summary>A section's bytes for a column of so many (columns / <paramref name="shift"/> to the power of two), rounded up to 64, to a register.</summary>
    protected void SectionBytes(AssemblerRegister32 to, byte shift)
    {
        C.mov(to, ecx);
        C.shr(to, shift);
        C.add(to, VectorBytes - 1);
        C.and(to, -VectorBytes);
    }

    /// <summary>With several activation rows, takes one of the vectors of integers away from the registers.</summary>
    protected void Keep(int at)
    {
        for (int row = 0; row < Rows && Rows > 1; row++)
            C.vmovdqa32(__zmmword_ptr[rsp + (row * Accumulators + at) * VectorBytes], Z[Integers(row, at)]);
    }

    /// <summary>Four vectors of an activation row's integers, of which some are there, become one: element i of each 128 bits is the sum of those of vector i there. The result is in register 4.</summary>
    protected void Transpose(int row, int there)
    {
        for (int at = 0; at < Accumulators; at++)
            if (at >= there)
                C.vpxor(X[8 + at], X[8 + at], X[8 + at]);
            else if (Rows > 1)
                C.vmovdqa32(Z[8 + at], __zmmword_ptr[rsp + (row * Accumulators + at) * VectorBytes]);
        C.vpunpckldq(Z[4], Z[8], Z[9]);
        C.vpunpckhdq(Z[5], Z[8], Z[9]);
        C.vpaddd(Z[4], Z[4], Z[5]);
        C.vpunpckldq(Z[5], Z[10], Z[11]);
        C.vpunpckhdq(Z[13], Z[10], Z[11]);
        C.vpaddd(Z[5], Z[5], Z[13]);
        C.vpunpcklqdq(Z[13], Z[4], Z[5]);
        C.vpunpckhqdq(Z[4], Z[4], Z[5]);
        C.vpaddd(Z[4], Z[4], Z[13]);
    }

    private AssemblerMemoryOperand Slot(int number) => __qword_ptr[rsp + Rows * Accumulators * VectorBytes + 8 * number];

    private void Begin(Label done)
    {
        foreach (AssemblerRegister64 register in (AssemblerRegister64[])[rbx, rbp, r12, r13, r14, r15])
            C.push(register);
        C.mov(r14, __qword_ptr[rsp + Pushed + 8]);
        C.mov(r15, __qword_ptr[rsp + Pushed + 16]);
        C.shl(r15, 2);
        C.mov(rax, rsp);
        C.sub(rsp, Rows * Accumulators * VectorBytes + Slots);
        C.and(rsp, -VectorBytes);
        C.mov(Slot(3), rax);
        C.test(edx, edx);
        C.jle(done);
        Sections();
        C.mov(Slot(0), rbx);
        C.mov(Slot(1), r12);
        C.mov(Slot(2), r13);
        C.lea(r10, __[r9 + r9 * 2]);
        Prepare();
    }

    private void Group(int blocks)
    {
        for (int line = 0; line < blocks * BlockBytes; line += VectorBytes)
            C.prefetcht0(__byte_ptr[r11 + line + Ahead]);
        Multiply(blocks);
        for (int row = 0; row < Rows; row++)
            AddToSum(row, blocks);
    }

    /// <summary>(0 + 2) + (1 + 3) of each activation row's four lanes.</summary>
    private void Write()
    {
        C.lea(r11, __[r15 + r15 * 2]);
        for (int row = 0; row < Rows; row++)
        {
            Fold(row);
            C.vmovhlps(X[4], X[5], X[5]);
            C.vaddps(X[5], X[5], X[4]);
            C.vmovshdup(X[4], X[5]);
            C.vaddss(X[5], X[5], X[4]);
            C.vmovss(row switch { 0 => __dword_ptr[r14], 3 => __dword_ptr[r14 + r11], _ => __dword_ptr[r14 + r15 * row] }, X[5]);
        }
    }
}
