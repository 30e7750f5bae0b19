using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using Tessera.Kernels.Cpu.RowDots.Turned;
using Tessera.Kernels.Cpu.RowDots.Units;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>Chooses the kernel of a quantization; asked once per weight, at load.</summary>
internal static unsafe class RowDotTable
{
    /// <summary>The types that have kernels.</summary>
    public static ReadOnlySpan<string> Quantizations =>
        (string[])["f32", "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", .. UnitTable.Quantizations];

    /// <summary>The fastest kernel for a type within an instruction set; false when there is none for the type.</summary>
    public static bool TryGet(string quantization, CpuIsa isa, out RowDotKernel kernel)
    {
        kernel = quantization switch
        {
            "f32" => Float<F32>(quantization, isa),
            "f16" => Float<F16>(quantization, isa),
            "bf16" => Float<BF16>(quantization, isa),
            "q4_0" => Block32<Q4_0>(quantization, isa),
            "q4_1" => Block32<Q4_1>(quantization, isa),
            "q5_0" => Block32<Q5_0>(quantization, isa),
            "q5_1" => Block32<Q5_1>(quantization, isa),
            "q8_0" => Block32<Q8_0>(quantization, isa),
            "q2_k" => SuperBlock<Q2_K>(quantization, isa, wide: isa.Avx512Vbmi),
            "q3_k" => SuperBlock<Q3_K>(quantization, isa, wide: isa.Avx512Vbmi),
            "q4_k" => SuperBlock<Q4_K>(quantization, isa, wide: isa.Avx512Vbmi && isa.AvxVnni),
            "q5_k" => SuperBlock<Q5_K>(quantization, isa, wide: isa.Avx512Vbmi && isa.AvxVnni),
            "q6_k" => SuperBlock<Q6_K>(quantization, isa, wide: isa.Avx512Vbmi && isa.AvxVnni),
            _ => UnitTable.Find(quantization, isa),
        };
        return kernel.Dot != null;
    }

    private static RowDotKernel Float<TWeight>(string quantization, CpuIsa isa)
        where TWeight : struct, IFloatWeight =>
        isa.Avx512 ? Tile<FloatTile512<TWeight>>(quantization, ActivationForm.Float32, "avx512")
        : isa.Avx2 ? Tile<FloatTile256<TWeight>>(quantization, ActivationForm.Float32, "avx2")
        : isa.Vector128 ? new(quantization, ActivationForm.Float32, "vector128", &FloatRowDot.Portable<TWeight>)
        : new(quantization, ActivationForm.Float32, "scalar", &FloatRowDot.Scalar<TWeight>);

    // No 512-bit form: what the memory gives is reached without one.
    private static RowDotKernel Block32<TBlock>(string quantization, CpuIsa isa)
        where TBlock : struct, IBlock32 =>
        isa.AvxVnni ? Eight<EightBlocks32<TBlock, VnniDot>, Block32Tile<TBlock, VnniDot>>(quantization, ActivationForm.Int8Groups32, VnniDot.Name)
        : isa.Avx2 ? Eight<EightBlocks32<TBlock, PairDot>, Block32Tile<TBlock, PairDot>>(quantization, ActivationForm.Int8Groups32, PairDot.Name)
        : isa.Vector128 ? new(quantization, ActivationForm.Int8Groups32, "vector128", &Block32Dot.Portable<TBlock>)
        : new(quantization, ActivationForm.Int8Groups32, "scalar", &Block32Dot.Scalar<TBlock>);

    // Q2_K and Q3_K gain by vectors of 512 bits on Zen 4 too, which makes two of 256 of them. The others do not when their weights come from memory: the VEX form of VNNI tells the processors that gain.
    private static RowDotKernel SuperBlock<TBlock>(string quantization, CpuIsa isa, bool wide)
        where TBlock : struct, ISuperBlock =>
        wide ? Eight<EightSuperBlocks<TBlock>, SuperBlockTile512<TBlock>>(quantization, ActivationForm.Int8Blocks256, "avx512")
        : isa.Avx2 ? Eight<EightSuperBlocks<TBlock>, SuperBlockTile<TBlock>>(quantization, ActivationForm.Int8Blocks256, "avx2")
        : isa.Vector128 ? new(quantization, ActivationForm.Int8Blocks256, "vector128", &SuperBlockDot.Portable<TBlock>)
        : new(quantization, ActivationForm.Int8Blocks256, "scalar", &SuperBlockDot.Scalar<TBlock>);

    private static RowDotKernel Eight<TEight, TFew>(string quantization, ActivationForm form, string instructionSet)
        where TEight : struct, IEightRows
        where TFew : struct, IRowTile =>
        new(quantization, form, instructionSet, &RowTiles<TFew>.Dot, &EightRows<TEight, TFew>.DotRows, EightRows.Most, &EightRows<TEight, TFew>.DotTogether);

    private static RowDotKernel Tile<TTile>(string quantization, ActivationForm form, string instructionSet)
        where TTile : struct, IRowTile =>
        new(quantization, form, instructionSet, &RowTiles<TTile>.Dot, &RowTiles<TTile>.DotRows, TTile.MostRows);
}
