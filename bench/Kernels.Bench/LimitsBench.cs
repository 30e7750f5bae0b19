using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using Tessera.Kernels.Cpu.Jit.Memory;
using static Iced.Intel.AssemblerRegisters;
using Processor = Tessera.Kernels.Cpu.Jit.Processor;
using VexVnni = System.Runtime.Intrinsics.X86.AvxVnni;

namespace Tessera.Kernels.Bench;

/// <summary>What the machine gives at most: reading memory, and multiply-adds of one core from registers alone, in machine code with chains enough that none waits for the one before.</summary>
internal static unsafe class LimitsBench
{
    // Sums are registers 0 to 11; 12 and 13 are multiplied, 14 is all ones, 15 holds what is between.
    private const int Chains = 12, Rounds = 2_000_000, Repeats = 9;
    private const int NarrowBytes = 32, WideBytes = 64;

    public static void Run()
    {
        Console.WriteLine("limits: GB/s read by one thread and by two; G multiply-adds/s of one core; best and median");
        ReadBench.RunLimit();
        // Machine code here follows System V's calling convention and begins with AVX2.
        if (!Processor.HasHalves)
            return;
        bool wide = Avx512BW.IsSupported;
        Say("int8 maddubs ymm", NarrowBytes, (c, i) =>
        {
            c.vpmaddubsw(ymm15, ymm12, ymm13);
            c.vpmaddwd(ymm15, ymm15, ymm14);
            c.vpaddd(Narrow(i), Narrow(i), ymm15);
        });
        if (wide)
            Say("int8 maddubs zmm", WideBytes, (c, i) =>
            {
                c.vpmaddubsw(zmm15, zmm12, zmm13);
                c.vpmaddwd(zmm15, zmm15, zmm14);
                c.vpaddd(Wide(i), Wide(i), zmm15);
            });
        if (VexVnni.IsSupported)
            Say("int8 vpdpbusd ymm", NarrowBytes, (c, i) => c.vpdpbusd(Narrow(i), ymm12, ymm13));
        if (Processor.HasVnni512)
            Say("int8 vpdpbusd zmm", WideBytes, (c, i) => c.vpdpbusd(Wide(i), zmm12, zmm13));
        Say("float fma ymm", NarrowBytes / sizeof(float), (c, i) => c.vfmadd231ps(Narrow(i), ymm12, ymm13));
        if (wide)
            Say("float fma zmm", WideBytes / sizeof(float), (c, i) => c.vfmadd231ps(Wide(i), zmm12, zmm13));
    }

    private static AssemblerRegisterYMM Narrow(int number) => new(Register.YMM0 + number);

    private static AssemblerRegisterZMM Wide(int number) => new(Register.ZMM0 + number);

    private static void Say(string name, int multiplyAdds, Action<Assembler, int> add)
    {
        Assembler code = new(64);
        // Also clears what is wider.
        for (int i = 0; i < 16; i++)
            code.vpxor(Narrow(i), Narrow(i), Narrow(i));
        Label next = code.CreateLabel();
        code.Label(ref next);
        for (int i = 0; i < Chains; i++)
            add(code, i);
        code.dec(edi);
        code.jne(next);
        code.vzeroupper();
        code.ret();
        using MemoryStream stream = new();
        code.Assemble(new StreamCodeWriter(stream), 0);
        using CodeMemory memory = new(stream.ToArray());
        delegate* unmanaged<int, void> entry = (delegate* unmanaged<int, void>)memory.Address;
        Timing timing = Timing.Measure(() => entry(Rounds), Repeats);
        Console.WriteLine($"{name,-18} {timing.Rate((double)multiplyAdds * Chains * Rounds)}");
    }
}
