using System.Reflection;
using System.Reflection.Emit;
using System.Text.Json.Nodes;
using Tessera.Abstractions;
using Tessera.Abstractions.Plugins;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Plugins;

public sealed class PluginVerifierTests : IDisposable
{
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    public static TheoryData<string, string, string> WrongManifests => new()
    {
        { "schema", "2", "schema: expected 1, found 2; take a version" },
        { "id", "\"test.other\"", "id: expected the folder's name 'test.echo', found 'test.other'" },
        { "version", "\"1.2\"", "version: expected a semantic version" },
        { "version", "\"01.2.3\"", "version: expected a semantic version" },
        { "contract", "\"0.2\"", "contract: built for contract 0.2, this host has 0.1; take a version of the plugin that was built for it" },
        { "contract", "\"1.0\"", "contract: built for contract 1.0, this host has 0.1; take a version of the plugin that was built for it" },
        { "contract", "\"zero\"", "contract: expected major.minor" },
        { "entryAssembly", "\"Missing.dll\"", "entryAssembly: no file" },
        { "entryAssembly", "\"../x.dll\"", "entryAssembly: expected the name of a .dll" },
        { "entryAssembly", "\"YamlDotNet.dll\"", "has no [assembly: PluginContract(\"0.1\")]; add it" },
        { "entryType", "\"\"", "entryType: expected a type's full name" },
        { "provides", "[{\"kind\":\"IMagic\",\"name\":\"x\"}]", "unknown kind 'IMagic'" },
        { "provides", "[{\"kind\":\"IWeightFormat\",\"name\":\"x\"},{\"kind\":\"IWeightFormat\",\"name\":\"x\"}]", "stands there twice" },
        { "provides", "[{\"kind\":\"IWeightFormat\"}]", "name" },
        { "options", "{\"a\":{\"type\":\"list\"}}", "option 'a': expected type" },
        { "options", "{\"a\":{\"type\":\"enum\"}}", "option 'a': 'values' belongs to an enum" },
        { "options", "{\"a\":{\"type\":\"integer\",\"default\":\"x\"}}", "option 'a': default: expected a whole number" },
        { "version", "null", "version" },
        { "schema", "\"1\"", "schema" },
        { "extra", "1", "extra" },
    };

    [Theory]
    [MemberData(nameof(WrongManifests))]
    public void A_wrong_manifest_is_refused_before_any_code_runs(string key, string json, string reason)
    {
        _packages.Add(edit: m => m[key] = JsonNode.Parse(json));
        Assert.Contains(reason, Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"schema\":1,\"schema\":1}")]
    public void A_text_that_is_no_manifest_is_refused(string text)
    {
        File.WriteAllText(Path.Combine(_packages.Add(), PluginManifest.FileName), text);
        Assert.Contains("plugin.json", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.2", "built for contract 0.2, this host has 0.1; take a version of the plugin that was built for it")]
    [InlineData("9.9", "built for contract 9.9, this host has 0.1; take a version of the plugin that was built for it")]
    [InlineData("x", "expected major.minor, found 'x'")]
    [InlineData(null, "has no [assembly: PluginContract(\"0.1\")]; add it")]
    public void The_contract_of_the_assembly_counts_and_not_only_the_manifests(string? contract, string reason)
    {
        string folder = _packages.Add(edit: m => m["entryAssembly"] = "Emitted.dll");
        Emit(Path.Combine(folder, "Emitted.dll"), "Emitted", contract);
        Assert.Contains(reason, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_emitted_assembly_with_the_right_contract_passes()
    {
        string folder = _packages.Add(edit: m => m["entryAssembly"] = "Emitted.dll");
        Emit(Path.Combine(folder, "Emitted.dll"), "Emitted", "0.1");
        Assert.Equal("Emitted.dll", Verifier.Verify(new(TestPackages.Echo, folder)).EntryAssembly);
    }

    [Theory]
    [InlineData("Tessera.Abstractions.dll", "Tessera.Abstractions")]
    [InlineData("Microsoft.Extensions.Logging.Abstractions.dll", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("Renamed.dll", "Tessera.Abstractions")]
    public void A_copy_of_a_shared_assembly_is_refused(string file, string assembly)
    {
        Emit(Path.Combine(_packages.Add(), file), assembly, null);
        Assert.Contains($"'{file}' is shared with the host; a package must not bring a copy of it: reference it with ExcludeAssets", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_may_be_left_out()
    {
        string folder = _packages.Add(edit: m => m.Remove("options"));
        Assert.Empty(Verifier.Verify(new(TestPackages.Echo, folder)).Options);
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_refused()
    {
        File.WriteAllText(Path.Combine(_packages.Add(), "Broken.dll"), "MZ or not");
        string message = Refused();
        Assert.Contains("'Broken.dll' is no assembly", message, StringComparison.Ordinal);
        Assert.EndsWith("; build or download the package anew", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 0, 1, true)]
    [InlineData(0, 0, 0, 1, false)]
    [InlineData(0, 2, 0, 1, false)]
    [InlineData(1, 0, 1, 3, true)]
    [InlineData(1, 3, 1, 3, true)]
    [InlineData(1, 4, 1, 3, false)]
    [InlineData(2, 0, 1, 3, false)]
    [InlineData(0, 3, 1, 3, false)]
    public void Contracts_fit_within_a_major_version(int major, int minor, int ourMajor, int ourMinor, bool fits) =>
        Assert.Equal(fits, PluginVerifier.IsCompatible(major, minor, ourMajor, ourMinor));

    [Theory]
    [InlineData("quant.ggml", true)]
    [InlineData("a-b.c1", true)]
    [InlineData("Quant.ggml", false)]
    [InlineData("a..b", false)]
    [InlineData(".a", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    public void Ids_are_lower_case_words(string id, bool valid) => Assert.Equal(valid, PluginManifest.IsId(id));

    private PluginVerifier Verifier => new(new PackageTrust(new TrustedFiles([]), _packages.Configuration([])));

    private string Refused() =>
        Assert.Throws<PluginException>(() => Verifier.Verify(new(TestPackages.Echo, Path.Combine(_packages.Folder, TestPackages.Echo)))).Message;

    private static void Emit(string path, string name, string? contract)
    {
        PersistedAssemblyBuilder assembly = new(new AssemblyName(name), typeof(object).Assembly);
        assembly.DefineDynamicModule(name);
        if (contract is not null)
            assembly.SetCustomAttribute(new CustomAttributeBuilder(typeof(PluginContractAttribute).GetConstructor([typeof(string)])!, [contract]));
        assembly.Save(path);
    }
}
