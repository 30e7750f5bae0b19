using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tiles.Floats;

/// <summary>The lanes of a float dot: column i is added to lane i mod L. Panels hold their columns lane by lane, so that tiles add in the order of the row dots.</summary>
internal static class FloatLanes
{
    /// <summary>The most of them.</summary>
    public const int Most = 64;

    /// <summary>Four vectors' lanes; 0 where there are no tiles.</summary>
    public static int Of(CpuIsa isa) => isa.Avx512 ? Most : isa.Avx2 ? Most / 2 : 0;
}
