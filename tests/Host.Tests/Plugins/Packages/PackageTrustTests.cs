using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Plugins.Packages;

public sealed class PackageTrustTests : IDisposable
{
    private readonly TestPackages _packages = new();
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256), _other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _packages.Dispose();
        _folder.Dispose();
        _key.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void A_signed_package_of_a_trusted_publisher_passes_and_says_so()
    {
        Assert.Equal("signed by acme", Locator(Strict).Verify(Signed()).Voucher);
    }

    [Fact]
    public void Without_the_publishers_key_it_is_refused_and_the_text_says_what_to_do()
    {
        PluginPackage package = Signed();
        string message = Refused(Strict with { Publishers = new Dictionary<string, byte[]>() }, package);
        Assert.Contains("publisher 'acme' is not in plugins.publishers", message, StringComparison.Ordinal);
        Assert.Contains(PackageContent.Read(package).Hash, message, StringComparison.Ordinal);
        Assert.Contains("plugins.allowUnsigned: true", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_signature_by_another_key_is_refused_even_where_unsigned_packages_are_allowed(bool allowUnsigned)
    {
        PluginPackage package = Signed(_other);
        string message = Refused(Strict with { AllowUnsigned = allowUnsigned }, package);
        Assert.Contains("the signature is not that of publisher 'acme'", message, StringComparison.Ordinal);
        Assert.EndsWith("; get the package from its publisher again, or correct the key", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_changed_after_signing_is_refused()
    {
        PluginPackage package = Signed();
        string path = Path.Combine(package.Folder, PluginManifest.FileName);
        File.WriteAllText(path, File.ReadAllText(path).Replace("1.2.3-test.1", "1.2.4", StringComparison.Ordinal));
        Assert.Contains("the signature is not that of publisher", Refused(Strict, package), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("change", "files: 'YamlDotNet.dll' has SHA-256")]
    [InlineData("add", "files: 'extra.txt' is not in the manifest's list")]
    [InlineData("remove", "files: 'YamlDotNet.dll' is missing")]
    public void Files_that_are_not_as_the_manifest_lists_them_are_refused(string what, string reason)
    {
        PluginPackage package = Signed();
        string dll = Path.Combine(package.Folder, "YamlDotNet.dll");
        if (what == "add")
            File.WriteAllText(Path.Combine(package.Folder, "extra.txt"), "x");
        else if (what == "remove")
            File.Delete(dll);
        else
            File.AppendAllText(dll, "x");
        string message = Refused(Strict with { AllowUnsigned = true }, package);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.EndsWith("get it again, or pack it anew", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("publisher", "publisher: names nobody")]
    [InlineData("files", "files: lists no hashes")]
    public void A_signature_that_covers_nothing_does_not_count(string key, string reason)
    {
        PluginPackage package = Signed();
        string path = Path.Combine(package.Folder, PluginManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        manifest.Remove(key);
        File.WriteAllText(path, manifest.ToJsonString());
        File.WriteAllText(Path.Combine(package.Folder, PackageSignature.FileName), PackageSignature.Sign(File.ReadAllBytes(path), _key));
        Assert.Contains(reason, Refused(Strict, package), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_signature_is_refused()
    {
        PluginPackage package = Signed();
        File.WriteAllText(Path.Combine(package.Folder, PackageSignature.FileName), "not base64");
        Assert.Contains("holds no signature", Refused(Strict, package), StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_can_trust_and_revoke_a_hash()
    {
        PluginPackage package = new(TestPackages.Echo, _packages.Add());
        string hash = PackageContent.Read(package).Hash;
        Assert.Contains("the package is not signed", Refused(Strict, package), StringComparison.Ordinal);
        Assert.Equal("named in plugins.trusted", Locator(Strict with { Trusted = new HashSet<string> { hash } }).Verify(package).Voucher);
        Assert.Equal("unsigned (plugins.allowUnsigned)", Locator(Strict with { AllowUnsigned = true }).Verify(package).Voucher);
        Assert.Contains("is revoked (plugins.revoked); take another version", Refused(Strict with { AllowUnsigned = true, Revoked = new HashSet<string> { hash } }, package), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"cpu\":[\"avx9\"]}", "unknown instruction set 'avx9'")]
    [InlineData("{\"os\":[\"plan9\"]}", "requires.os: expected plan9, this is ")]
    [InlineData("{\"runtime\":\"99.0\"}", "requires.runtime: needs .NET 99.0")]
    [InlineData("{\"runtime\":\"new\"}", "requires.runtime: expected a version")]
    [InlineData("{\"gpu\":[]}", "gpu")]
    public void What_the_machine_does_not_have_is_named(string requires, string reason)
    {
        PluginPackage package = new(TestPackages.Echo, _packages.Add(edit: m => m["requires"] = JsonNode.Parse(requires)));
        Assert.Contains(reason, Refused(Strict with { AllowUnsigned = true }, package), StringComparison.Ordinal);
    }

    [Fact]
    public void Instruction_sets_that_are_there_pass_and_those_that_are_not_are_named()
    {
        foreach ((string set, bool there) in PackageRequirements.Available)
            Assert.Equal(there ? null : $"requires.cpu: this processor does not have {set}; take a package for this machine", new PackageRequirements { Cpu = [set] }.Unmet());
        Assert.Null(new PackageRequirements { Os = ["linux", "windows", "osx"], Runtime = "10.0" }.Unmet());
    }

    private PluginsConfiguration Strict => _packages.Configuration([]) with
    {
        AllowUnsigned = false,
        Publishers = new Dictionary<string, byte[]> { ["acme"] = _key.ExportSubjectPublicKeyInfo() },
    };

    private static PluginLocator Locator(PluginsConfiguration configuration) => new(configuration, new TrustedFiles([]));

    private static string Refused(PluginsConfiguration configuration, PluginPackage package) =>
        Assert.Throws<PluginException>(() => Locator(configuration).Verify(package)).Message;

    /// <summary>The test plugin packed, signed and unpacked.</summary>
    private PluginPackage Signed(ECDsa? key = null)
    {
        key ??= _key;
        PluginLocator packer = Locator(Strict with { Publishers = new Dictionary<string, byte[]> { ["acme"] = key.ExportSubjectPublicKeyInfo() } });
        (string path, _) = PackageBuilder.Pack(_packages.Add(), Path.Combine(_folder.Path, "echo.tpk"), "acme", key, packer.Verify);
        string folder = Path.Combine(_folder.Path, TestPackages.Echo);
        PackageArchive.Extract(path, folder);
        return new PluginPackage(TestPackages.Echo, folder);
    }
}
