using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Spec.Decoding.Tests;

public sealed class PluginTests
{
    [Fact]
    public void Every_composition_gets_a_strategy_of_its_own()
    {
        ServiceCollection services = [];
        new SpecDecodingPlugin().Configure(services, Defaults());
        using ServiceProvider provider = services.BuildServiceProvider();
        IDecodingStrategy strategy = provider.GetRequiredService<IDecodingStrategy>();
        Assert.NotSame(strategy, provider.GetRequiredService<IDecodingStrategy>());
        Assert.IsAssignableFrom<IDraftModelStrategy>(strategy);
        Assert.Equal((31, "prediction draft lookup suffix"), (strategy.MaxDraft, string.Join(' ', strategy.Sources)));
        Assert.IsNotAssignableFrom<IDisposable>(strategy);
    }

    [Fact]
    public void The_manifest_s_defaults_are_the_code_s()
    {
        SpecOptions code = new(), manifest = SpecOptions.Read(Defaults());
        Assert.Equal(code.Sources, manifest.Sources);
        Assert.Equal(code with { Sources = [] }, manifest with { Sources = [] });
        using JsonDocument json = Manifest();
        Assert.Equal(typeof(SpecDecodingPlugin).FullName, json.RootElement.GetProperty("entryType").GetString());
    }

    [Theory]
    [InlineData("sources", "lookup, sufix", "found 'sufix'"), InlineData("sources", "lookup, lookup", "at most once"), InlineData("sources", " ", "one at least"), InlineData("lookupMin", "6", "expected at most lookupMax, 5, found 6"), InlineData("lookupMax", "1", "expected at least lookupMin, 2, found 1")]
    public void Options_that_contradict_each_other_are_refused(string name, string value, string part)
    {
        Dictionary<string, string> options = Defaults();
        options[name] = value;
        PluginOptionException error = Assert.Throws<PluginOptionException>(() => SpecOptions.Read(options));
        Assert.Equal(name, error.Option);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A draft model's drafts are short, whatever the strategy's may be; and none is longer than those.</summary>
    [Theory]
    [InlineData(31, 31, 8, 31, 14), InlineData(12, 12, 8, 12, 12), InlineData(3, 3, 3, 3, 3)]
    public void Sources_say_how_long_their_drafts_can_be(int most, params int[] expected)
    {
        SpecStrategy strategy = new(new SpecOptions { MaxDraft = most });
        Assert.Equal(expected, strategy.Sources.Select((_, i) => strategy.Traits(i).MaxDraft));
        Assert.Equal([true, false, true, true], strategy.Sources.Select((_, i) => strategy.Traits(i).TellsAgreement));
    }

    private static Dictionary<string, string> Defaults()
    {
        using JsonDocument json = Manifest();
        return json.RootElement.GetProperty("options").EnumerateObject().ToDictionary(o => o.Name, o => o.Value.GetProperty("default").ToString());
    }

    private static JsonDocument Manifest() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Shared.RepositoryRoot, "plugins", "Spec.Decoding", "plugin.json")));
}
