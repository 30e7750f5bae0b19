using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Code with vectors of 512 bits: its registers by number, what is pushed, and constants that stand behind it.</summary>
internal abstract class VectorCode
{
    protected const int VectorBytes = 64;

    /// <summary>The boolean function of a ternary operation: a | b &amp; c.</summary>
    protected const int Or = 0xF8;

    /// <summary>Bytes that <see cref="Push"/> takes of the stack.</summary>
    protected const int Pushed = 6 * 8;

    protected static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    internal static readonly AssemblerRegisterYMM[] Y =
    [
        ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15, ymm16, ymm17, ymm18, ymm19, ymm20, ymm21, ymm22, ymm23, ymm24, ymm25, ymm26, ymm27, ymm28, ymm29, ymm30, ymm31,
    ];

    internal static readonly AssemblerRegisterXMM[] X =
    [
        xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15, xmm16, xmm17, xmm18, xmm19, xmm20, xmm21, xmm22, xmm23, xmm24, xmm25, xmm26, xmm27, xmm28, xmm29, xmm30, xmm31,
    ];

    private static readonly AssemblerRegister64[] Kept = [rbx, rbp, r12, r13, r14, r15];

    private readonly List<(Label Label, byte[] Bytes)> _constants = [];

    protected Assembler C { get; } = new(64);

    /// <summary>64 bytes behind the code.</summary>
    protected AssemblerMemoryOperand Constant(Func<int, byte> value) => __zmmword_ptr[Behind([.. Enumerable.Range(0, VectorBytes).Select(value)])];

    /// <summary>Puts 64 bytes that stand behind the code into a register.</summary>
    internal void Keep(int to, Func<int, byte> value) => C.vmovdqu32(Z[to], Constant(value));

    /// <summary>Four bytes behind the code, which an instruction repeats.</summary>
    protected AssemblerMemoryOperand Everywhere(int value) => __dword_bcst[Behind(BitConverter.GetBytes(value))];

    /// <summary>Saves the registers that belong to the caller.</summary>
    protected void Push() => Array.ForEach(Kept, C.push);

    /// <summary>Restores what <see cref="Push"/> saved, and returns.</summary>
    protected void Return()
    {
        C.vzeroupper();
        Pop();
        C.ret();
    }

    /// <summary>Restores what <see cref="Push"/> saved.</summary>
    protected void Pop() => Array.ForEach([.. Kept.Reverse()], C.pop);

    /// <summary>The bytes of a section that has one for each 2 to the power of <paramref name="shift"/> columns, whose number is in ecx, rounded up to 64, to a register.</summary>
    protected void SectionBytes(AssemblerRegister32 to, byte shift)
    {
        C.mov(to, ecx);
        C.shr(to, shift);
        C.add(to, VectorBytes - 1);
        C.and(to, -VectorBytes);
    }

    /// <summary>The code and its constants; it does not depend on where it stands.</summary>
    protected byte[] Assemble()
    {
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

    private Label Behind(byte[] bytes)
    {
        Label label = C.CreateLabel();
        _constants.Add((label, bytes));
        return label;
    }
}
