using Tessera.Conformance.Golden;

namespace Tessera.Conformance.Checks;

/// <summary>One thing that a part of a plugin must do.</summary>
/// <param name="Title">What is checked, for people.</param>
/// <param name="Problem">Does it: what is wrong, or null. Throws what the part throws.</param>
public sealed record PluginCheck(string Title, Func<string?> Problem)
{
    /// <summary>All checks of a plugin, quick ones first: formats and tokenizers on the samples of the package, quantizations against their own definition, strategies by the contract's rules, backends against the float64 reference. A format,
    /// a kind of tokenizer and a quantization that cannot quantize fail without a sample: nothing else says what they must make of a file, a text or bytes.</summary>
    /// <param name="parts">What it provides.</param>
    /// <param name="golden">The samples of its package.</param>
    public static IEnumerable<PluginCheck> Of(PluginParts parts, GoldenFolder golden)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentNullException.ThrowIfNull(golden);
        foreach (GoldenSample sample in golden.Samples)
            yield return new(sample.Title, () => sample.Problem(parts));
        foreach (string name in parts.Formats.Select(f => f.Name).Except(golden.Samples.OfType<FormatSample>().Select(s => s.Name)))
            yield return new($"format '{name}'", () => Missing(nameof(IWeightFormat), name));
        foreach (string kind in parts.TokenizerKinds.Except(golden.Samples.OfType<TokenizerSample>().Select(s => s.Name)))
            yield return new($"tokenizer '{kind}'", () => Missing(nameof(ITokenizerFactory), kind));
        HashSet<string> sampled = [.. golden.Samples.OfType<QuantizationSample>().Select(s => s.Name)];
        foreach (IQuantization quantization in parts.Quantizations)
            if (quantization is IQuantizer)
                yield return new($"quantization '{quantization.Id}'", () => QuantizationCheck.Problem(quantization));
            else if (!sampled.Contains(quantization.Id))
                yield return new($"quantization '{quantization.Id}'", () => Missing(nameof(IQuantization), quantization.Id));
        if (parts.CreateStrategy() is not null)
            yield return new("decoding strategy", () => StrategyCheck.Problem(parts.CreateStrategy));
        foreach (IKernelBackend backend in parts.Backends)
            yield return new($"backend '{backend.Name}'", () => BackendShapes.Problem(backend, out _));
    }

    private static string Missing(string kind, string name) =>
        $$"""the package has no sample of it: add golden/{{name}}.json with {"kind": "{{kind}}", "name": "{{name}}", …} (docs/plugin-authors.md)""";
}
