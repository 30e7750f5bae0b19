using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Spec.Decoding;

/// <summary>Speculative decoding: drafts from a draft model, from the sequence itself, from recent outputs and from the client's prediction.</summary>
public sealed class SpecDecodingPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        SpecOptions read = SpecOptions.Read(options);
        // Each composition gets a strategy of its own: what it learns is about one model.
        services.AddTransient<IDecodingStrategy>(_ => new SpecStrategy(read));
    }
}

/// <summary>The plugin's options.</summary>
internal sealed record SpecOptions
{
    /// <summary>Every source, in the order in which they are tried by default.</summary>
    public static readonly string[] AllSources = [DraftSources.Prediction, DraftSources.Model, Lookup, Suffix];

    public const string Lookup = "lookup", Suffix = "suffix";

    public IReadOnlyList<string> Sources { get; init; } = AllSources;

    public int MaxDraft { get; init; } = 31;

    public int LookupMin { get; init; } = 2;

    public int LookupMax { get; init; } = 5;

    public int SuffixTokens { get; init; } = 16384;

    public static SpecOptions Read(IReadOnlyDictionary<string, string> options)
    {
        SpecOptions defaults = new();
        string[] sources = [.. options["sources"].Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)];
        foreach (string source in sources)
            if (!AllSources.Contains(source))
                throw new PluginOptionException("sources", $"expected some of {string.Join(", ", AllSources)}, found '{source}'");
        if (sources.Length == 0 || sources.Distinct().Count() != sources.Length)
            throw new PluginOptionException("sources", $"expected each of {string.Join(", ", AllSources)} at most once, and one at least; found '{options["sources"]}'");
        SpecOptions read = defaults with
        {
            Sources = sources,
            MaxDraft = Integer("maxDraft"),
            LookupMin = Integer("lookupMin"),
            LookupMax = Integer("lookupMax"),
            SuffixTokens = Integer("suffixTokens"),
        };
        if (read.LookupMin <= read.LookupMax)
            return read;
        // The one that was set, and so has a place in the configuration.
        throw read.LookupMin == defaults.LookupMin
            ? new PluginOptionException("lookupMax", $"expected at least lookupMin, {read.LookupMin}, found {read.LookupMax}")
            : new PluginOptionException("lookupMin", $"expected at most lookupMax, {read.LookupMax}, found {read.LookupMin}");

        int Integer(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);
    }
}
