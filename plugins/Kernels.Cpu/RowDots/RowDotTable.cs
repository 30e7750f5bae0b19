namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>Chooses the kernel of a quantization; asked once per weight, at load.</summary>
internal static class RowDotTable
{
    /// <summary>The fastest kernel for a type within an instruction set; false when there is none for the type.</summary>
    public static bool TryGet(string quantization, CpuIsa isa, out RowDotKernel kernel)
    {
        kernel = default;
        return false;
    }
}
