using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Plugins.Packages;

public sealed class PluginStoreTests : IDisposable
{
    private readonly TestPackages _packages = new();

    public void Dispose() => _packages.Dispose();

    [Fact]
    public void A_package_stands_under_id_version_and_hash_and_is_installed_once()
    {
        string source = _packages.Add();
        StoredPackage first = Locator.Install(source), second = Locator.Install(source);
        Assert.Equal(first, second);
        Assert.Equal(Path.Combine(_packages.Store, TestPackages.Echo, "1.2.3-test.1", first.Version.Hash), first.Package.Folder);
        Assert.Equal(first.Version.Hash, PackageContent.Read(first.Package).Hash);
        Assert.Equal([first], Store.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_packages.Store, ".staging")));
    }

    [Fact]
    public void A_refused_package_leaves_nothing_behind()
    {
        string source = _packages.Add(edit: m => m["contract"] = "9.9");
        Assert.Throws<PluginException>(() => Locator.Install(source));
        Assert.Empty(Store.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_packages.Store, ".staging")));
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("Upper")]
    [InlineData("")]
    public void An_id_that_is_no_folder_name_is_refused(string id)
    {
        string source = _packages.Add(edit: m => m["id"] = id);
        Assert.Contains("id: expected lower-case words", Assert.Throws<PluginException>(() => Locator.Install(source)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_a_package_is_not_followed()
    {
        string source = _packages.Add();
        File.CreateSymbolicLink(Path.Combine(source, "link.txt"), "/etc/hostname");
        Assert.DoesNotContain("link.txt", PackageContent.Read(Locator.Install(source).Package).Files.Keys);
        Assert.Contains("'link.txt' is a link", Assert.Throws<PluginException>(() => PackageContent.Read(new(TestPackages.Echo, source))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_can_edit_is_loaded_from_the_stores_copy()
    {
        string source = _packages.Add();
        await using PluginHost host = _packages.Load();
        Assert.StartsWith(_packages.Store, host.Generations[0].Package.Folder, StringComparison.Ordinal);
        // The drop folder may change under a running host.
        Directory.Delete(source, recursive: true);
        using PluginLease lease = host.Generations[0].Acquire();
        Assert.Equal("echo", lease.Contracts.Formats[0].Name);
    }

    [Fact]
    public async Task The_active_version_is_loaded_and_rolled_back()
    {
        string source = _packages.Add();
        StoredPackage next = Locator.Install(Version("2.0.0"));
        Version("1.2.3-test.1");
        Assert.Equal("1.2.3-test.1", await LoadedVersion());
        Store.Update(next.Id, r => r.Activate(next.Version));
        Assert.Equal("2.0.0", await LoadedVersion());
        Store.Update(next.Id, r => r.RollBack());
        Assert.Equal("1.2.3-test.1", await LoadedVersion());
        Assert.Null(Store.Read().Of(next.Id).Active);

        string Version(string version)
        {
            string path = Path.Combine(source, PluginManifest.FileName);
            JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
            manifest["version"] = version;
            File.WriteAllText(path, manifest.ToJsonString());
            return source;
        }
    }

    [Fact]
    public async Task A_plugin_that_was_added_while_serving_is_loaded_though_the_configuration_does_not_name_it()
    {
        StoredPackage added = Locator.Install(_packages.Add());
        Store.Update(added.Id, r => r.Activate(added.Version));
        await using PluginHost host = TestPackages.Load(_packages.Configuration([]));
        Assert.Equal([TestPackages.Echo], host.Generations.Select(g => g.Id));
    }

    [Fact]
    public void A_stored_package_that_was_changed_is_refused_by_its_hash()
    {
        StoredPackage stored = Locator.Install(_packages.Add());
        Store.Update(stored.Id, r => r.Activate(stored.Version));
        File.AppendAllText(Path.Combine(stored.Package.Folder, "YamlDotNet.dll"), "x");
        Assert.Contains("was changed after it was installed", Assert.Throws<PluginException>(() => _packages.Load()).Message, StringComparison.Ordinal);
        Directory.Delete(stored.Package.Folder, recursive: true);
        Assert.Contains("is not there; `tessera plugins rollback test.echo`", Assert.Throws<PluginException>(() => _packages.Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pending_or_active_package_is_not_removed_and_any_other_is()
    {
        StoredPackage stored = Locator.Install(_packages.Add());
        Store.Update(stored.Id, r => r.Try(stored.Version));
        Assert.Contains("is active", Assert.Throws<PluginException>(() => Store.Remove(stored)).Message, StringComparison.Ordinal);
        Store.Update(stored.Id, r => r.Quarantine(stored.Version, "test"));
        Store.Remove(stored);
        Assert.Empty(Store.List());
        Assert.Empty(Store.Read().Of(stored.Id).Quarantined);
    }

    [Fact]
    public void References_name_one_package_or_say_what_there_is()
    {
        string source = _packages.Add();
        StoredPackage one = Locator.Install(source);
        Assert.Equal(one, Store.Find("test.echo"));
        File.WriteAllText(Path.Combine(source, "more.txt"), "x");
        StoredPackage two = Locator.Install(source);
        Assert.Contains("names several packages", Assert.Throws<PluginException>(() => Store.Find("test.echo@1.2.3-test.1")).Message, StringComparison.Ordinal);
        Assert.Equal(two, Store.Find($"test.echo@1.2.3-test.1@{two.Version.Hash[..12]}"));
        Assert.Contains(two.Version.Hash[..12], Assert.Throws<PluginException>(() => Store.Find("test.echo@9.9.9")).Message, StringComparison.Ordinal);
        Assert.Contains("the store has no version of it", Assert.Throws<PluginException>(() => Store.Find("nobody")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_way_back_is_remembered_in_order_and_without_repetition()
    {
        StoredVersion a = new("1.0.0", new('a', 64)), b = new("2.0.0", new('b', 64)), c = new("3.0.0", new('c', 64));
        PluginRecord record = new PluginRecord().Activate(a).Activate(b).Activate(c).Activate(b);
        Assert.Equal(b, record.Active);
        Assert.Equal([null, a, c], record.Previous);
        record = record.Quarantine(c, "threw").RollBack();
        Assert.Equal(a, record.Active);
        Assert.Equal([null], record.Previous);
        Assert.Equal(c, Assert.Single(record.Quarantined).Package);
        Assert.Equal(record, record.Try(b).Try(null));
        Assert.Empty(record.Activate(c).Quarantined);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"schema\":2}")]
    [InlineData("{\"schema\":1,\"more\":1}")]
    public void A_journal_that_cannot_be_read_is_named(string text)
    {
        Directory.CreateDirectory(_packages.Store);
        File.WriteAllText(Path.Combine(_packages.Store, "state.json"), text);
        Assert.Contains("state.json: ", Assert.Throws<PluginException>(() => Store.Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_from_many_threads_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Store.Update($"p{i}", r => r.Activate(new("1.0.0", new('a', 64)))))));
        Assert.Equal(8, Store.Read().Plugins.Count);
    }

    private PluginLocator Locator => new(_packages.Configuration([TestPackages.Echo]), new TrustedFiles([]));

    private PluginStore Store => Locator.Store;

    private async Task<string> LoadedVersion()
    {
        await using PluginHost host = PluginHost.Load(_packages.Configuration([TestPackages.Echo]), new TrustedFiles([]), NullLoggerFactory.Instance);
        return host.Generations[0].Version;
    }
}
