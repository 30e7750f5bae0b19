using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.Turned;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>The types that run in units of signed bytes.</summary>
internal static unsafe class UnitTable
{
    /// <summary>Their ids.</summary>
    public static ReadOnlySpan<string> Quantizations => new[]
    {
        "q8_1", "q8_k", "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq3_xxs", "iq3_s", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "mxfp4", "nvfp4", "q1_0", "q2_0",
    };

    /// <summary>The kernel of a type, or one without a function where there is none.</summary>
    public static RowDotKernel Find(string quantization, CpuIsa isa) => quantization switch
    {
        "q8_1" => Kernel<Q8_1>(quantization, isa),
        "q8_k" => Kernel<Q8_K>(quantization, isa),
        "iq1_s" => Kernel<IQ1_S>(quantization, isa),
        "iq1_m" => Kernel<IQ1_M>(quantization, isa),
        "iq2_xxs" => Kernel<IQ2_XXS>(quantization, isa),
        "iq2_xs" => Kernel<IQ2_XS>(quantization, isa),
        "iq2_s" => Kernel<IQ2_S>(quantization, isa),
        "iq3_xxs" => Kernel<IQ3_XXS>(quantization, isa),
        "iq3_s" => Kernel<IQ3_S>(quantization, isa),
        "iq4_nl" => Kernel<IQ4_NL>(quantization, isa),
        "iq4_xs" => Kernel<IQ4_XS>(quantization, isa),
        "tq1_0" => Kernel<TQ1_0>(quantization, isa),
        "tq2_0" => Kernel<TQ2_0>(quantization, isa),
        "mxfp4" => Kernel<MXFP4>(quantization, isa),
        "nvfp4" => Kernel<NVFP4>(quantization, isa),
        "q1_0" => Kernel<Q1_0>(quantization, isa),
        "q2_0" => Kernel<Q2_0>(quantization, isa),
        _ => default,
    };

    private static RowDotKernel Kernel<TUnit>(string quantization, CpuIsa isa)
        where TUnit : struct, IUnit =>
        isa.AvxVnni ? Tile<TUnit, VnniDot>(quantization, VnniDot.Name)
        : isa.Avx2 ? Tile<TUnit, PairDot>(quantization, PairDot.Name)
        : new(quantization, ActivationForm.Int8Groups32, "scalar", &UnitDot.Scalar<TUnit>);

    private static RowDotKernel Tile<TUnit, TByteDot>(string quantization, string instructionSet)
        where TUnit : struct, IUnit
        where TByteDot : struct, IByteDot =>
        new(
            quantization, ActivationForm.Int8Groups32, instructionSet, &RowTiles<UnitTile<TUnit, TByteDot>>.Dot,
            &EightRows<EightUnits<TUnit, TByteDot>, UnitTile<TUnit, TByteDot>>.DotRows, EightRows.Most, &EightRows<EightUnits<TUnit, TByteDot>, UnitTile<TUnit, TByteDot>>.DotTogether);
}
