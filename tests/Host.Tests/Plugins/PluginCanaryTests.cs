using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Abstractions;
using Tessera.Abstractions.Plugins;
using Tessera.Conformance.Golden;
using Tessera.Conformance.Scan;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Plugins;

/// <summary>What a plugin must do before requests meet it.</summary>
public sealed class PluginCanaryTests : IDisposable
{
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    public static TheoryData<string> FirstParty => [.. Directory.EnumerateDirectories(Path.Combine(TestServer.Executable, "plugins")).Select(d => Path.GetFileName(d)).Order()];

    [Theory]
    [MemberData(nameof(FirstParty))]
    public async Task Every_plugin_of_the_build_passes_with_the_samples_of_its_package(string id)
    {
        PluginsConfiguration configuration = _packages.Configuration([id]) with { Folders = [Path.Combine(TestServer.Executable, "plugins")], AllowUnsigned = false };
        await using PluginHost host = PluginHost.Load(configuration, TrustedFiles.Read(TestServer.Executable), NullLoggerFactory.Instance);
        PluginGeneration generation = host.Get(id);
        PluginCanary.Require(generation);
        // Every format, quantization and kind of tokenizer that the manifest names has one.
        string[] named = [.. generation.Provides.Where(p => p.Kind is "IWeightFormat" or "IQuantization" or "ITokenizerFactory").Select(p => p.Name).Order()];
        Assert.Equal(named, GoldenFolder.Read(generation.Package.Folder).Samples.Where(s => s is FormatSample or QuantizationSample or TokenizerSample).Select(s => s.Name).Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(FirstParty))]
    public void No_plugin_of_the_build_calls_what_plugins_must_not_call(string id)
    {
        string[] own = [.. Directory.EnumerateFiles(Path.Combine(TestServer.Executable, "plugins", id), "Tessera.*.dll")];
        Assert.NotEmpty(own);
        Assert.Empty(own.SelectMany(file => LeakScan.Scan(file, own: true)).Where(f => f.Level == FindingLevel.Error).Select(f => $"{f}"));
    }

    [Theory]
    [InlineData("tokenizer.json", "ids", "tokenizer 'echo' on golden/tokenizer.json: 'echo' becomes [4, 2, 7, 14], expected [4, 2, 7, 15]")]
    [InlineData("format.json", "layers", "format 'echo' on golden/format.json: metadata.contextLength: 512, expected 511")]
    [InlineData("format.json", "sha256", "tensor 'token_embd.weight': its bytes have SHA-256")]
    public void A_sample_that_is_not_met_names_what_was_expected_and_what_was_found(string file, string change, string says)
    {
        string path = Path.Combine(_packages.Add(), GoldenFolder.Name, file);
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        switch (change)
        {
            case "ids":
                json["texts"]![0]!["ids"]![3] = 15;
                break;
            case "layers":
                json["metadata"]!["contextLength"] = 511;
                break;
            default:
                json["tensors"]![0]!["sha256"] = new string('0', 64);
                break;
        }
        File.WriteAllText(path, json.ToJsonString());
        Assert.Contains(says, Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer.json", "tokenizer 'echo': the package has no sample of it: add golden/echo.json with {\"kind\": \"ITokenizerFactory\"")]
    [InlineData("format.json", "format 'echo': the package has no sample of it: add golden/echo.json with {\"kind\": \"IWeightFormat\"")]
    [InlineData("echo_f32.json", "quantization 'echo_f32': the package has no sample of it: add golden/echo_f32.json with {\"kind\": \"IQuantization\"")]
    public void What_nothing_else_says_the_meaning_of_is_refused_without_a_sample(string file, string says)
    {
        File.Delete(Path.Combine(_packages.Add(), GoldenFolder.Name, file));
        Assert.Contains(says, Refused(), StringComparison.Ordinal);
    }

    private string Refused()
    {
        PluginHost host = _packages.Load();
        try
        {
            return Assert.Throws<PluginException>(() => PluginCanary.Require(host.Get(TestPackages.Echo))).Message;
        }
        finally
        {
            host.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}
