using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Halves to floats by the processor's own instruction, which .NET does not offer.</summary>
internal static class HalvesCode
{
    /// <summary>The layout.</summary>
    public const string Layout = "cpu.halves.r1";

    private const int Halves = 8;

    /// <summary>rdi: halves; esi: their number, a multiple of 8; rdx: floats.</summary>
    public static byte[] Emit()
    {
        Assembler c = new(64);
        Label next = c.CreateLabel(), done = c.CreateLabel();
        c.test(esi, esi);
        c.jle(done);
        c.Label(ref next);
        c.vcvtph2ps(ymm0, __xmmword_ptr[rdi]);
        c.vmovups(__ymmword_ptr[rdx], ymm0);
        c.add(rdi, Halves * sizeof(ushort));
        c.add(rdx, Halves * sizeof(float));
        c.sub(esi, Halves);
        c.jg(next);
        c.Label(ref done);
        c.vzeroupper();
        c.ret();
        using MemoryStream stream = new();
        c.Assemble(new StreamCodeWriter(stream), 0);
        return stream.ToArray();
    }
}
