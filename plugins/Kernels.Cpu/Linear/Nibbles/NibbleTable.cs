using System.Globalization;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
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
    /// <param name="rowDots">Machine code for its rows.</param>
    public static PackedLinear? Create(WeightTensor weight, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native = null, NativeRowDots? rowDots = null) =>
        isa.Avx2 && source.Order is null && Rows(weight) is { } rows ? Create(weight, rows, source, int8, isa, native, rowDots) : null;

    /// <summary>The kernel of rows of nibbles, wherever they come from; the rest is as above. Needs AVX2.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="rows">Where its parts stand.</param>
    /// <param name="source">The same weight, unpacked.</param>
    /// <param name="int8">Signed bytes in groups of 32; of a weight that was written in another order of its columns, in that one.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for its tiles.</param>
    /// <param name="rowDots">Machine code for its rows.</param>
    public static NibbleLinear Create(WeightTensor weight, NibbleRows rows, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native = null, NativeRowDots? rowDots = null)
    {
        string why = "";
        NativeNibbles? machine = rowDots?.FindNibbles(new NibbleForm(rows), out why);
        return new NibbleLinear(weight, rows, Kernel(rows, machine), why.Length > 0 ? why : "avx2", source, int8, isa, native);
    }

    /// <summary>What multiplies rows.</summary>
    /// <param name="rows">They.</param>
    /// <param name="machine">Machine code for them, or null.</param>
    public static NibbleKernel Kernel(NibbleRows rows, NativeNibbles? machine) => (machine, rows.Kind) switch
    {
        ({ } found, _) => new MachineNibbles(rows, found),
        (_, NibbleKind.Biases) => new BuiltInNibbles<MlxNibbles>(rows).Compiled(),
        (_, NibbleKind.E2M1) => new BuiltInNibbles<MxNibbles>(rows).Compiled(),
        _ => new BuiltInNibbles<PackedNibbles>(rows).Compiled(),
    };

    /// <summary>Where the parts of a validated weight stand; null where its type is another, or there is no kernel for its groups.</summary>
    public static unsafe NibbleRows? Rows(WeightTensor weight)
    {
        (string? others, NibbleKind kind, NibbleKind without) = weight.Quantization switch
        {
            "mlx_affine4" => ("biases", NibbleKind.Biases, NibbleKind.Biases),
            "ct_packed4" => ("zeros", NibbleKind.Zeros, NibbleKind.Middle),
            "mx_fp4" => (null, NibbleKind.E2M1, NibbleKind.E2M1),
            _ => ("", default(NibbleKind), default(NibbleKind)),
        };
        if (others == "")
            return null;
        int columns = checked((int)weight.Columns), groups = columns / Int8Activation.Group, times = 1;
        if (kind != NibbleKind.E2M1)
        {
            // One group for a row: more than there are columns.
            long group = long.Parse(weight.Parameters["group"], CultureInfo.InvariantCulture);
            times = group >= columns ? (groups + 7) / 8 * 8 : (int)group / Int8Activation.Group;
            if (times is not (1 or 2 or 4) && times % 8 != 0)
                return null;
        }
        byte* data = Array.Find(weight.Parts, p => p.Name == "data")!.Data;
        WeightPart scales = Array.Find(weight.Parts, p => p.Name == "scales")!;
        byte* part = Array.Find(weight.Parts, p => p.Name == others) is { } found ? found.Data : null;
        return new NibbleRows(part == null ? without : kind, kind == NibbleKind.E2M1 ? ScaleType.F32 : StoredScale.Of(weight), times, columns, data, scales.Data, scales.Length / weight.Rows, part);
    }
}
