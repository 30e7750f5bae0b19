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
    ];
}
