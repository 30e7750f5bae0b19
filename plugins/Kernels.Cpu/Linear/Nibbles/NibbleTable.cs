using System.Globalization;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>Chooses the kernel of a weight whose rows are nibbles with scales apart from them; asked once per weight, at load.</summary>
internal static class NibbleTable
{
    /// <summary>The kernel; null where there is none for the type, its groups or the instruction set.</summary>
    /// <param name="weight">A validated weight.</param>
    /// <param name="source">The same weight, unpacked.</param>
    /// <param name="int8">Signed bytes in groups of 32.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for its tiles.</param>
    public static PackedLinear? Create(WeightTensor weight, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native = null)
    {
        if (!isa.Avx2 || source.Order is not null || weight.Quantization is not ("mlx_affine4" or "ct_packed4" or "mx_fp4"))
            return null;
        if (weight.Quantization == "mx_fp4")
            return new NibbleLinear<MxNibbles>(weight, ScaleType.F32, 1, null, false, source, int8, isa, native);
        long group = long.Parse(weight.Parameters["group"], CultureInfo.InvariantCulture);
        int groups = (int)weight.Columns / Int8Activation.Group;
        // One group for a row: more than there are columns.
        int times = group >= weight.Columns ? (groups + 7) / 8 * 8 : (int)group / Int8Activation.Group;
        if (times is not (1 or 2 or 4) && times % 8 != 0)
            return null;
        return weight.Quantization == "mlx_affine4"
            ? new NibbleLinear<MlxNibbles>(weight, StoredScale.Of(weight), times, "biases", false, source, int8, isa, native)
            : new NibbleLinear<PackedNibbles>(weight, StoredScale.Of(weight), times, "zeros", true, source, int8, isa, native);
    }
}
