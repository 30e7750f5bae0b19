using Iced.Intel;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>
/// An assembler whose vectors are 8 or 16 lanes wide: one text of a tile serves both. Vectors are numbered 0 to 31; all belong to the callee in System V's convention. The arguments are
/// (weights rdi, activations rsi, blocks edx, sums rcx, scratch r8).
/// </summary>
internal sealed class TileAssembler(int width)
{
    public const Register Weights = Register.RDI, Activations = Register.RSI, Blocks = Register.EDX, Sums = Register.RCX, Scratch = Register.R8;

    private readonly bool _wide = width == 16;

    /// <summary>General instructions, labels and jumps.</summary>
    public Assembler General { get; } = new(64);

    /// <summary>Bytes of a vector.</summary>
    public int Bytes => sizeof(int) * width;

    public void Zero(int to) => Three(Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpxord_ymm_k1z_ymm_ymmm256b32, to, to, to);

    public void Copy(int to, int from) => Add(Instruction.Create(_wide ? Code.EVEX_Vmovdqa32_zmm_k1z_zmmm512 : Code.EVEX_Vmovdqa32_ymm_k1z_ymmm256, Vector(to), Vector(from)));

    public void Load(int to, Register at, int offset, Register behind = Register.None) => Add(Instruction.Create(_wide ? Code.EVEX_Vmovdqu32_zmm_k1z_zmmm512 : Code.EVEX_Vmovdqu32_ymm_k1z_ymmm256, Vector(to), new MemoryOperand(at, behind, 1, offset, offset == 0 ? 0 : 1, false, Register.None)));

    public void Store(Register at, int offset, int from) => Add(Instruction.Create(_wide ? Code.EVEX_Vmovdqu32_zmmm512_k1z_zmm : Code.EVEX_Vmovdqu32_ymmm256_k1z_ymm, Memory(at, offset), Vector(from)));

    /// <summary>Four bytes in every lane.</summary>
    public void Broadcast(int to, Register at, int offset) => Add(Instruction.Create(_wide ? Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32 : Code.EVEX_Vpbroadcastd_ymm_k1z_xmmm32, Vector(to), Memory(at, offset)));

    /// <summary>A constant in every lane, by way of ebx.</summary>
    public void Constant(int to, int value)
    {
        General.mov(AssemblerRegisters.ebx, value);
        Add(Instruction.Create(_wide ? Code.EVEX_Vpbroadcastd_zmm_k1z_r32 : Code.EVEX_Vpbroadcastd_ymm_k1z_r32, Vector(to), Register.EBX));
    }

    /// <summary>Adds the products of four unsigned with four signed bytes to each lane.</summary>
    public void AddByteDot(int to, int unsigned, int signed) => Three(Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpdpbusd_ymm_k1z_ymm_ymmm256b32, to, unsigned, signed);

    /// <summary>Adds the products of two shorts with two shorts in memory, the same for every lane.</summary>
    public void AddShortDot(int to, int shorts, Register at, int offset) => Everywhere(Code.EVEX_Vpdpwssd_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpdpwssd_ymm_k1z_ymm_ymmm256b32, to, shorts, at, offset);

    public void AddIntegers(int to, int a, int b) => Three(Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpaddd_ymm_k1z_ymm_ymmm256b32, to, a, b);

    public void SubtractIntegers(int to, int a, int b) => Three(Code.EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpsubd_ymm_k1z_ymm_ymmm256b32, to, a, b);

    /// <summary>Adds a vector in memory.</summary>
    public void AddIntegers(int to, int a, Register at, int offset) => Add(Instruction.Create(_wide ? Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32 : Code.EVEX_Vpaddd_ymm_k1z_ymm_ymmm256b32, Vector(to), Vector(a), Memory(at, offset)));

    /// <summary>Integers times one in memory.</summary>
    public void MultiplyIntegers(int to, int from, Register at, int offset) => Everywhere(Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32, Code.EVEX_Vpmulld_ymm_k1z_ymm_ymmm256b32, to, from, at, offset);

    public void ShiftLeft(int to, int from, int bits) => Add(Instruction.Create(_wide ? Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8 : Code.EVEX_Vpslld_ymm_k1z_ymmm256b32_imm8, Vector(to), Vector(from), bits));

    public void ToFloat(int to, int from) => Add(Instruction.Create(_wide ? Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er : Code.EVEX_Vcvtdq2ps_ymm_k1z_ymmm256b32, Vector(to), Vector(from)));

    public void AddFloats(int to, int a, int b) => Three(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vaddps_ymm_k1z_ymm_ymmm256b32, to, a, b);

    /// <summary>Floats times one in memory.</summary>
    public void MultiplyFloats(int to, int from, Register at, int offset) => Everywhere(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vmulps_ymm_k1z_ymm_ymmm256b32, to, from, at, offset);

    public void MultiplyFloats(int to, int a, int b) => Three(Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vmulps_ymm_k1z_ymm_ymmm256b32, to, a, b);

    /// <summary>to + a · b, rounded once.</summary>
    public void MultiplyAdd(int to, int a, int b) => Three(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfmadd231ps_ymm_k1z_ymm_ymmm256b32, to, a, b);

    /// <summary>to + a · a float in memory, rounded once.</summary>
    public void MultiplyAdd(int to, int a, Register at, int offset) => Everywhere(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfmadd231ps_ymm_k1z_ymm_ymmm256b32, to, a, at, offset);

    /// <summary>to − a · b, rounded once.</summary>
    public void MultiplySubtract(int to, int a, int b) => Three(Code.EVEX_Vfnmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfnmadd231ps_ymm_k1z_ymm_ymmm256b32, to, a, b);

    /// <summary>Sixteen integers of memory, shifted right with their signs, to memory; whatever the width is.</summary>
    public void ShiftSixteen(Register to, int toOffset, Register from, int fromOffset, int bits, int temporary)
    {
        Add(Instruction.Create(Code.EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8, Register.ZMM0 + temporary, Memory(from, fromOffset), bits));
        Add(Instruction.Create(Code.EVEX_Vmovdqu32_zmmm512_k1z_zmm, Memory(to, toOffset), Register.ZMM0 + temporary));
    }

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] ToArray()
    {
        Add(Instruction.Create(Code.VEX_Vzeroupper));
        General.ret();
        using MemoryStream stream = new();
        General.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }

    private void Three(Code wide, Code narrow, int to, int a, int b) => Add(Instruction.Create(_wide ? wide : narrow, Vector(to), Vector(a), Vector(b)));

    private void Everywhere(Code wide, Code narrow, int to, int a, Register at, int offset) => Add(Instruction.Create(_wide ? wide : narrow, Vector(to), Vector(a), Memory(at, offset, isBroadcast: true)));

    private void Add(Instruction instruction) => General.AddInstruction(instruction);

    private Register Vector(int number) => (_wide ? Register.ZMM0 : Register.YMM0) + number;

    private static MemoryOperand Memory(Register at, int offset, bool isBroadcast = false) => new(at, Register.None, 1, offset, offset == 0 ? 0 : 1, isBroadcast, Register.None);
}
