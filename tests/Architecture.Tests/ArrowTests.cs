namespace Tessera.Architecture.Tests;

/// <summary>The arrows of docs and design: plugins → Abstractions ← Engine ← Host → Conformance → Abstractions.</summary>
public sealed class ArrowTests
{
    private const string Common = "plugins/Tokenizers.Common", QuantCommon = "plugins/Quant.Common";

    [Fact]
    public void Every_reference_is_an_arrow_that_the_architecture_draws()
    {
        List<string> wrong = [];
        foreach (string from in Projects.Product.Keys)
            foreach ((string to, bool order) in Projects.References(from))
                if (!IsDrawn(from, to, order))
                    wrong.Add($"{from} -> {to}");
        Assert.True(Projects.Product.Count >= 4, "no projects were found");
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("Engine", "Abstractions", false, true)]
    [InlineData("Engine", "plugins/Format.Gguf", false, false)]
    [InlineData("Host", "plugins/Format.Gguf", false, false)]
    [InlineData("Host", "plugins/Format.Gguf", true, true)]
    [InlineData("plugins/Format.Gguf", "plugins/Quant.Ggml", false, false)]
    [InlineData("plugins/Tokenizer.Bpe", Common, false, true)]
    [InlineData("plugins/Quant.Mlx", QuantCommon, false, true)]
    [InlineData("plugins/Quant.Mlx", Common, false, false)]
    [InlineData("plugins/Kernels.Cpu", QuantCommon, false, false)]
    [InlineData("Abstractions", "Engine", false, false)]
    [InlineData("Engine", "Conformance", false, false)]
    public void The_rule_tells_drawn_arrows_from_others(string from, string to, bool order, bool drawn) =>
        Assert.Equal(drawn, IsDrawn(from, to, order));

    private static bool IsDrawn(string from, string to, bool buildOrderOnly) => from switch
    {
        "Abstractions" => false,
        "Engine" or "Conformance" => to == "Abstractions",
        "Host" => to is "Abstractions" or "Engine" or "Conformance" || (buildOrderOnly && to.StartsWith("plugins/", StringComparison.Ordinal)),
        _ when from.StartsWith("plugins/Tokenizer.", StringComparison.Ordinal) => to is "Abstractions" or Common,
        _ when from.StartsWith("plugins/Quant.", StringComparison.Ordinal) => to is "Abstractions" || (to == QuantCommon && from != QuantCommon),
        _ when from.StartsWith("plugins/", StringComparison.Ordinal) => to == "Abstractions",
        _ => true,
    };
}
