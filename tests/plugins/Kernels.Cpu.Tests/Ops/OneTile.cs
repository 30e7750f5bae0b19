using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Tests.Ops;

internal static unsafe class OneTile
{
    /// <summary>One head's weighted values of a tile, of any length.</summary>
    public static void Accumulate(float* weights, float* values, int first, int end, float* output, int length)
    {
        byte* tile = (byte*)values;
        AttentionTile.Accumulate<Count1, AnyHead>(weights, &tile, 1, first, end, output, 0, length);
    }
}
