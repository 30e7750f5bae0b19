using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>The instruction sets that kernels may use; read once at load, from the processor and the option <c>isa</c>.</summary>
/// <param name="Avx2">AVX2 and FMA.</param>
/// <param name="AvxVnni">The 256-bit VEX form of the byte dot product; implies <paramref name="Avx2"/>.</param>
/// <param name="Avx512">AVX-512 F, BW, DQ and VL; implies <paramref name="Avx2"/>.</param>
/// <param name="Vector128">Vectors of 128 bits of any processor, such as Arm's AdvSimd with its dot product; what is used where there is no AVX2.</param>
/// <param name="Avx512Vbmi">AVX-512 VBMI and the 512-bit form of GFNI; implies <paramref name="Avx512"/>.</param>
internal readonly record struct CpuIsa(bool Avx2, bool AvxVnni, bool Avx512, bool Vector128 = false, bool Avx512Vbmi = false)
{
    /// <summary>One number at a time.</summary>
    public static CpuIsa Scalar => default;

    /// <summary>The widest set's name as the option <c>isa</c> spells it.</summary>
    public string Name => Avx512 ? "avx512" : Avx2 ? "avx2" : Vector128 ? "vector128" : "scalar";

    /// <summary>All that this processor (and the runtime's switches) allow.</summary>
    public static CpuIsa Detect()
    {
        bool avx2 = System.Runtime.Intrinsics.X86.Avx2.IsSupported && Fma.IsSupported;
        bool avx512 = avx2 && Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported;
        bool vbmi = avx512 && System.Runtime.Intrinsics.X86.Avx512Vbmi.IsSupported && Gfni.V512.IsSupported;
        return new CpuIsa(avx2, avx2 && System.Runtime.Intrinsics.X86.AvxVnni.IsSupported, avx512, System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated, vbmi);
    }

    /// <summary>The instruction sets that the option <c>isa</c> asks for: auto, scalar, vector128, avx2 or avx512.</summary>
    /// <exception cref="TesseraException">The value is not one of these, or this processor lacks the set.</exception>
    public static CpuIsa Parse(string option)
    {
        CpuIsa here = Detect();
        return option switch
        {
            "auto" => here,
            "scalar" => Scalar,
            "vector128" when here.Vector128 => new CpuIsa(false, false, false, Vector128: true),
            "avx2" when here.Avx2 => here with { Avx512 = false, Avx512Vbmi = false },
            "avx512" when here.Avx512 => here,
            "vector128" or "avx2" or "avx512" => throw new TesseraException($"kernels.cpu.isa: expected an instruction set of this processor (up to {here.Name}), found '{option}'"),
            _ => throw new TesseraException($"kernels.cpu.isa: expected auto, scalar, vector128, avx2 or avx512, found '{option}'"),
        };
    }
}
