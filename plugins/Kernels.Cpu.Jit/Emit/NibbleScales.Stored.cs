using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <content>Loads what is stored: of eight groups no more bytes than theirs, of the last ones by mask.</content>
internal sealed partial class NibbleScales
{
    // Scales or biases of eight groups, or of the last ones, to a register.
    private void Stored(Assembler c, int to, AssemblerRegister64 at, bool isLast)
    {
        AssemblerRegisterYMM y = VectorCode.Y[to];
        AssemblerRegisterXMM x = VectorCode.X[to];
        switch (type)
        {
            case "f32":
                Spreads(c, to, at, isLast);
                return;
            case "e8m0":
                Powers(c, to, at, isLast);
                return;
        }
        if (isLast && times < Lanes)
            c.vmovdqu16(x.k4.z, __xmmword_ptr[at]);
        bool isHalf = type == "f16";
        switch (times)
        {
            case 1 when isHalf:
                if (isLast)
                    c.vcvtph2ps(y, x);
                else
                    c.vcvtph2ps(y, __xmmword_ptr[at]);
                return;
            case 1 when isLast:
                c.vinserti128(y, y, x, 1);
                break;
            case 1:
                c.vbroadcasti128(y, __xmmword_ptr[at]);
                break;
            case 2 when isLast:
                c.vpbroadcastq(y, x);
                break;
            case 2:
                c.vpbroadcastq(y, __qword_ptr[at]);
                break;
            case 4 when isLast:
                c.vpbroadcastd(y, x);
                break;
            case 4:
                c.vpbroadcastd(y, __dword_ptr[at]);
                break;
            default:
                c.vpbroadcastw(y, __word_ptr[at]);
                break;
        }
        if (!isHalf)
            c.vpshufb(y, y, VectorCode.Y[Picks]);
        else if (times < Lanes)
            c.vpshufb(x, x, VectorCode.X[Picks]);
        if (isHalf)
            c.vcvtph2ps(y, x);
    }

    /// <summary>Four bytes each, floats or words.</summary>
    private void Spreads(Assembler c, int to, AssemblerRegister64 at, bool isLast)
    {
        AssemblerRegisterYMM y = VectorCode.Y[to];
        AssemblerRegisterXMM x = VectorCode.X[to];
        switch (times)
        {
            case Lanes:
                c.vbroadcastss(y, __dword_ptr[at]);
                return;
            case var _ when isLast:
                c.vmovdqu32(y.k4.z, __ymmword_ptr[at]);
                break;
            case 1:
                c.vmovdqu(y, __ymmword_ptr[at]);
                break;
            case 2:
                c.vmovdqu(x, __xmmword_ptr[at]);
                break;
            default:
                c.vmovq(x, __qword_ptr[at]);
                break;
        }
        if (times > 1)
            c.vpermd(y, VectorCode.Y[Spread], y);
    }

    /// <summary>2^(byte − 128), which may be subnormal; 255 is no number.</summary>
    private static void Powers(Assembler c, int to, AssemblerRegister64 at, bool isLast)
    {
        AssemblerRegisterYMM y = VectorCode.Y[to];
        AssemblerRegisterXMM x = VectorCode.X[to];
        if (isLast)
        {
            c.vmovdqu8(x.k3.z, __xmmword_ptr[at]);
            c.vpmovzxbd(y, x);
        }
        else
            c.vpmovzxbd(y, __qword_ptr[at]);
        c.vpslld(y, y, 23);
        // 2^-127 and not 0, all of which is then halved: infinity, which 255 has become, less infinity is no number.
        c.evex.vpmaxsd(y, y, VectorCode.Y[Least]);
        c.evex.vfnmadd231ps(y, y, VectorCode.Y[Half]);
    }
}
