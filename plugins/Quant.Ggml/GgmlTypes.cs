namespace Tessera.Quant.Ggml;

/// <summary>Every type of this plugin: a new one is one file and one line here (and its name in plugin.json).</summary>
internal static class GgmlTypes
{
    public static GgmlType[] All() =>
    [
        new F32(),
        new F16(),
        new BF16(),
        new Q4_0(),
        new Q4_1(),
        new Q5_0(),
        new Q5_1(),
        new Q8_0(),
        new Q4_K(),
        new Q5_K(),
        new Q6_K(),
        new Q8_1(),
        new Q2_K(),
        new Q3_K(),
        new Q8_K(),
        new IQ1_S(),
        new IQ1_M(),
        new IQ2_XXS(),
        new IQ2_XS(),
        new IQ2_S(),
        new IQ3_XXS(),
        new IQ3_S(),
        new IQ4_NL(),
        new IQ4_XS(),
        new TQ1_0(),
        new TQ2_0(),
        new MXFP4(),
        new NVFP4(),
        new Q1_0(),
        new Q2_0(),
    ];
}
