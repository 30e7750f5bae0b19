using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Up to four vectors of low bits.</summary>
internal readonly struct FourLow(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d)
{
    public readonly Vector256<uint> A = a, B = b, C = c, D = d;
}
