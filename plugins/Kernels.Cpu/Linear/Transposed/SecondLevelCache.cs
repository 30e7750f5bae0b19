using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>The cache of one processor core between the first level and the shared one.</summary>
internal static class SecondLevelCache
{
    // Of processors that do not say.
    private const int Usual = 1 << 20;

    // CPUID's function and, in its third word, the size in KB from bit 16 on.
    private const int Highest = unchecked((int)0x80000000), Function = unchecked((int)0x80000006), SizeBit = 16;

    /// <summary>Its size in bytes.</summary>
    public static int Bytes { get; } = Read();

    private static int Read()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(Highest, 0).Eax < unchecked((uint)Function))
            return Usual;
        int size = X86Base.CpuId(Function, 0).Ecx >>> SizeBit;
        return size == 0 ? Usual : size << 10;
    }
}
