using System.Globalization;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Chooses the kernel of a weight that is stored as the transposed matrix; asked once per weight, at load.</summary>
internal static class TransposedTable
{
    /// <summary>Whether a weight is of a type that is stored as the transposed matrix in four bits.</summary>
    public static bool Takes(WeightTensor weight) => weight.Quantization is "gptq4" or "awq4";

    /// <summary>The kernel; null where there is none for the type, its groups, its rows or the instruction set.</summary>
    /// <param name="weight">A validated weight.</param>
    /// <param name="source">The same weight, unpacked; an order of its columns may be changed within groups.</param>
    /// <param name="int8">Signed bytes in groups of 32, of columns as they stand.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for its tiles.</param>
    /// <param name="rowDots">Machine code for its columns.</param>
    public static PackedLinear? Create(WeightTensor weight, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native = null, NativeRowDots? rowDots = null)
    {
        if (!isa.Avx2 || weight.Rows % 8 != 0 || !Takes(weight))
            return null;
        int zeroOffset = weight.Parameters.GetValueOrDefault("zero_offset") == "1" ? 1 : 0;
        if (source.Order is not null)
            return weight.Quantization != "gptq4" ? null
                : isa.Avx512
                    ? new ScatteredGptq4<Simd512, Vector512<int>, Vector512<float>>(weight, zeroOffset, source, isa, native, SecondLevelCache.Bytes)
                    : new ScatteredGptq4<Simd256, Vector256<int>, Vector256<float>>(weight, zeroOffset, source, isa, native, SecondLevelCache.Bytes);
        int group = (int)long.Min(weight.Columns, long.Parse(weight.Parameters["group"], CultureInfo.InvariantCulture));
        string found = "";
        NativeColumns? columns = rowDots?.FindColumns(weight.Quantization, out found);
        return weight.Quantization == "gptq4"
            ? new TransposedLinear<Gptq4>(weight, group, zeroOffset, source, int8, isa, native, columns, found)
            : isa.Avx512
                ? new TransposedLinear<Awq4<Simd512, Vector512<int>, Vector512<float>>>(weight, group, 0, source, int8, isa, native, columns, found)
                : new TransposedLinear<Awq4<Simd256, Vector256<int>, Vector256<float>>>(weight, group, 0, source, int8, isa, native);
    }
}
