using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.RowDots.Turned;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A weight whose type has a kernel of its own: straight from the file's bytes.</summary>
internal sealed unsafe class RowDotLinear(WeightTensor weight, RowDotKernel kernel, Preparation preparation, CpuIsa isa, NativeTile? native = null, NativeRows? rows = null) : LinearKernel(weight, preparation)
{
    private readonly byte* _data = weight.Parts[0].Data;
    private readonly nint _rowBytes = (nint)(weight.Parts[0].Length / weight.Rows);
    private readonly bool _isOfUnits = UnitTable.Quantizations.Contains(kernel.Quantization);
    private readonly Refinement? _refinement = Refinement.Of(weight, kernel, preparation, rows);

    public override TileKernel? Tile { get; } = TileTable.Create(weight.Quantization, weight.Parts[0].Data, (nint)(weight.Parts[0].Length / weight.Rows), checked((int)weight.Columns), isa, native);

    // Zen 4: a tile of machine code costs as much as 5 rows of a K-quant, and as 4 of a type with blocks of 32.
    // Zen 3: eight weight rows at a time need no whole panels of activations; of K-quants they give what four panels do, of types with blocks of 32 what six do.
    // Zen 5: what sixteen weight rows give together in machine code is as fast as its tiles, which need their panels first.
    // Emerald Rapids, units, 16 and 32 rows of G multiply-adds/s: by rows 65 and 74 of mxfp4, by tiles of machine code 79 and 134, by the built-in ones 55 and 62, 82 with 64 rows.
    public override int TileRows => rows is not null ? NativeRows.Most + 1 : (kernel.Form, Tile is { IsNative: true }) switch
    {
        (ActivationForm.Int8Groups32, var native) when _isOfUnits => native ? TileKernel.MaxWidth : EightRows.Most + 1,
        (ActivationForm.Int8Blocks256, false) => isa.Avx512 ? 17 : EightRows.Most + 1,
        (ActivationForm.Int8Blocks256, true) => 5,
        (ActivationForm.Int8Groups32, false) => isa.Avx512 ? 17 : 49,
        // Emerald Rapids, 16, 32, 64 rows of G multiply-adds/s: bf16 by rows 41, by tiles 27, 37, 45; f32 27 and 24, 30, 35; f16 19 and 29, 40, 49.
        (ActivationForm.Float32, _) => kernel.Quantization switch { "bf16" => 33, "f32" when isa.Avx512 => 25, _ => 16 },
        _ => LeastTileRows,
    };

    public override int FewRows => rows is null ? Math.Max(kernel.Together, LeastFewRows) : TileRows - 1;

    public override int LeastBlockRows => rows is null ? base.LeastBlockRows : NativeRows.Strip;

    public override int BlockUnit => rows is null ? base.BlockUnit : NativeRows.Strip;

    public override long WorkingRowBytes => _rowBytes;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        byte* weights = _data + firstRow * _rowBytes;
        if (rows is not null)
            rows.DotRows(weights, _rowBytes, rowCount, Columns, activations, (nint)activationStride, batchRows, output, (nint)outputStride);
        else
            kernel.DotRows(weights, _rowBytes, rowCount, Columns, activations, (nint)activationStride, batchRows, output, (nint)outputStride);
        _refinement?.Add(weights, rowCount, activations, (nint)activationStride, batchRows, output, (nint)outputStride);
    }

    public override void Refine(int firstRow, int rowCount, byte* block, byte* panel, int width, int count, float* output, long rowStride, long outputStride) =>
        _refinement?.AddTiles((BlockTileKernel)Tile!, block, rowCount, panel + Preparation.RefinedPanelOffset(Columns, width), width, count, output, (nint)rowStride, (nint)outputStride);
}
