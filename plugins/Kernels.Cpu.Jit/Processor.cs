using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Jit;

/// <summary>What .NET does not tell of the processor.</summary>
internal static class Processor
{
    private const int BasicLeaf = 1, HalvesBit = 29, FeatureLeaf = 7, VnniBit = 11;

    /// <summary>
    /// Whether AVX-512 VNNI can be used and the calling convention is System V's: .NET has no name for this instruction set (its AvxVnni is the VEX form, which Zen 4 lacks). The runtime says
    /// with AVX-512 itself that the operating system keeps the registers.
    /// </summary>
    public static bool HasVnni512 { get; } =
        IsSystemV && Avx512BW.VL.IsSupported && Avx512DQ.VL.IsSupported && X86Base.CpuId(0, 0).Eax >= FeatureLeaf && (X86Base.CpuId(FeatureLeaf, 0).Ecx >> VnniBit & 1) != 0;

    /// <summary>Whether halves can be widened by an instruction (F16C), which .NET does not offer.</summary>
    public static bool HasHalves { get; } = IsSystemV && Avx2.IsSupported && (X86Base.CpuId(BasicLeaf, 0).Ecx >> HalvesBit & 1) != 0;

    private static bool IsSystemV => RuntimeInformation.ProcessArchitecture == Architecture.X64 && (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS());
}
