using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>The scales and minimums of eight groups, in <see cref="NibbleCode"/>'s registers.</summary>
/// <param name="kind">Where minimums come from: <c>biases</c>, as many as scales; <c>zeros</c>, nibbles of eight rows in a word; <c>middle</c>, a zero point of 8; <c>e2m1</c>, one of 12 among levels.</param>
/// <param name="type">How scales are stored: <c>f32</c>, <c>f16</c>, <c>bf16</c>, or <c>e8m0</c>, a power of two.</param>
/// <param name="times">Groups that share one: 1, 2, 4, or 8 for a multiple of that.</param>
internal sealed partial class NibbleScales(string kind, string type, int times)
{
    /// <summary>The vectors of scales and of minimums.</summary>
    public const int Scale = 4, Minimum = 5;

    private const int Lanes = 8, Words = sizeof(int), LineBytes = 64;

    // Vectors that stay.
    private const int Picks = 12, Spread = 11, Zero = 10, Shift = 19, Nibble = 20, Sign = 21, Least = 22, Half = 23;

    /// <summary>Whether nibbles stand for levels.</summary>
    public bool HasLevels => kind == "e2m1";

    private bool HasBiases => kind == "biases";

    private bool HasZeros => kind == "zeros";

    private int Bytes => type switch { "f32" => 4, "e8m0" => 1, _ => 2 };

    /// <summary>Whether a minimum is as it is added; else it is subtracted. Those of groups that are not there are to be zeros with the sign of zeros.</summary>
    public bool IsMinimumNegated(bool isLast) => HasBiases || isLast;

    /// <summary>Puts into registers what stays there.</summary>
    public void Prepare(VectorCode code, Assembler c)
    {
        code.Keep(Spread, i => (byte)(i % 4 == 0 ? i / 4 % Lanes / times : 0));
        // A BF16 is the upper half of its float, with zeros below.
        if (type == "bf16")
            code.Keep(Picks, i => (byte)(i % 4 < 2 ? 0x80 : i % 32 / 4 / times * 2 + i % 2));
        else
            code.Keep(Picks, i => (byte)(i % 16 / 2 / times * 2 + i % 2));
        code.Keep(Zero, Floats(HasLevels ? 12 : 8));
        code.Keep(Sign, i => (byte)(i % 4 == 3 ? 0x80 : 0));
        code.Keep(Nibble, i => (byte)(i % 4 == 0 ? 15 : 0));
        if (type != "e8m0")
            return;
        code.Keep(Least, i => BitConverter.GetBytes(1 << 22)[i % 4]);
        code.Keep(Half, Floats(0.5f));
    }

    /// <summary>The scales of so many last groups as ecx says, to k4; edx has all bits.</summary>
    public void Mask(Assembler c)
    {
        c.lea(eax, __[rcx + (times - 1)]);
        c.shr(eax, (byte)System.Numerics.BitOperations.Log2((uint)times));
        c.bzhi(eax, edx, eax);
        c.kmovd(k4, eax);
    }

    /// <summary>Asks for the scales of the row after the next: streams as thin as these are not followed by the hardware.</summary>
    public void Ask(Assembler c)
    {
        Label next = c.CreateLabel();
        c.mov(rax, __qword_ptr[rdi + NibbleCall.ScaleBytes]);
        c.lea(rdx, __[rax * 2]);
        c.add(rax, rdx);
        c.Label(ref next);
        c.prefetcht0(__byte_ptr[r10 + rdx]);
        if (HasBiases)
            c.prefetcht0(__byte_ptr[r11 + rdx]);
        c.add(rdx, LineBytes);
        c.cmp(rdx, rax);
        c.jl(next);
    }

    /// <summary>Begins a row.</summary>
    public void Begin(Assembler c)
    {
        if (HasZeros)
            c.vpbroadcastd(VectorCode.Y[Shift], ebp);
        if (times == Lanes)
            Eights(c);
    }

    /// <summary>Those of eight groups, or of the last ones, where those of groups that are not there become zeros.</summary>
    public void Load(Assembler c, bool isLast)
    {
        AssemblerRegisterYMM scale = VectorCode.Y[Scale], minimum = VectorCode.Y[Minimum];
        Stored(c, Scale, r8, isLast);
        if (HasBiases)
            Stored(c, Minimum, r9, isLast);
        else if (HasZeros)
        {
            Spreads(c, Minimum, r9, isLast);
            c.evex.vpsrlvd(minimum, minimum, VectorCode.Y[Shift]);
            c.vpandd(minimum, minimum, VectorCode.Y[Nibble]);
            c.vcvtdq2ps(minimum, minimum);
            c.vmulps(minimum, minimum, scale);
        }
        else
            c.vmulps(minimum, scale, VectorCode.Y[Zero]);
        if (!isLast)
            return;
        if (!HasBiases)
            c.vpxord(minimum, minimum, VectorCode.Y[Sign]);
        c.vmovaps(scale.k3.z, scale);
        c.vmovaps(minimum.k3.z, minimum);
    }

    /// <summary>To the next eight groups.</summary>
    public void Advance(Assembler c)
    {
        Label same = c.CreateLabel();
        if (times == Lanes)
        {
            c.dec(r15d);
            c.jne(same);
            Eights(c);
        }
        c.add(r8, Lanes / times * Bytes);
        if (HasBiases || HasZeros)
            c.add(r9, Lanes / times * (HasZeros ? Words : Bytes));
        if (times == Lanes)
        {
            c.Label(ref same);
            c.nop();
        }
    }

    /// <summary>To the next row.</summary>
    public void NextRow(Assembler c)
    {
        Label same = c.CreateLabel();
        c.add(r10, __qword_ptr[rdi + NibbleCall.ScaleBytes]);
        if (HasZeros)
        {
            c.add(ebp, 4);
            c.and(ebp, 31);
            c.jne(same);
        }
        if (HasBiases || HasZeros)
            c.add(r11, __qword_ptr[rdi + NibbleCall.OtherBytes]);
        if (HasZeros)
        {
            c.Label(ref same);
            c.nop();
        }
    }

    private static void Eights(Assembler c)
    {
        c.mov(r15d, __dword_ptr[rdi + NibbleCall.Times]);
        c.shr(r15d, 3);
    }

    private static Func<int, byte> Floats(float value) => i => BitConverter.GetBytes(value)[i % 4];
}
