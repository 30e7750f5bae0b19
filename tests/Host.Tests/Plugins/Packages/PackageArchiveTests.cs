using System.IO.Compression;
using System.Text;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Plugins.Packages;

public sealed class PackageArchiveTests : IDisposable
{
    private readonly TestPackages _packages = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _packages.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_folder_comes_back_as_it_was_and_gives_the_same_bytes_again()
    {
        PluginPackage package = new(TestPackages.Echo, _packages.Add());
        PackageContent content = PackageContent.Read(package);
        string first = Path.Combine(_folder.Path, "1.tpk"), second = Path.Combine(_folder.Path, "2.tpk");
        PackageArchive.Create(package, content, first);
        foreach (string file in Directory.EnumerateFiles(package.Folder))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddYears(20));
        PackageArchive.Create(package, content, second);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        string target = Path.Combine(_folder.Path, "out");
        PackageArchive.Extract(first, target);
        Assert.Equal(content.Hash, PackageContent.Read(new(TestPackages.Echo, target)).Hash);
    }

    [Theory]
    [InlineData("../escape.dll")]
    [InlineData("a/../../escape.dll")]
    [InlineData("/absolute.dll")]
    [InlineData("a//b.dll")]
    [InlineData("a\\b.dll")]
    [InlineData("c:x.dll")]
    [InlineData("folder/")]
    [InlineData("new\nline")]
    public void A_name_that_is_no_plain_relative_path_is_refused(string name)
    {
        string path = Zip((name, "x"));
        Assert.Contains("expected a relative path", Refused(path), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "escape.dll")));
    }

    [Fact]
    public void A_name_twice_is_refused_whatever_its_case() =>
        Assert.Contains("each once", Refused(Zip(("a.dll", "x"), ("A.DLL", "y"))), StringComparison.Ordinal);

    [Fact]
    public void Too_many_entries_are_refused_before_any_is_written()
    {
        string path = Zip([.. Enumerable.Range(0, PackageContent.MaxFiles + 1).Select(i => ($"f{i}", ""))]);
        Assert.Contains("entries, expected at most", Refused(path), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Target));
    }

    [Fact]
    public void A_broken_archive_is_refused_at_every_length()
    {
        byte[] whole = File.ReadAllBytes(Zip((PluginManifest.FileName, new string('x', 300)), ("a.dll", "y")));
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(Path.Combine(_folder.Path, "cut.tpk"), whole[..length]);
            Assert.Contains("cut.tpk: no plugin package", Refused(Path.Combine(_folder.Path, "cut.tpk")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Flipped_bytes_give_an_error_or_files_within_the_folder()
    {
        byte[] whole = File.ReadAllBytes(Zip((PluginManifest.FileName, new string('x', 300)), ("sub/a.dll", "y")));
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= 0xFF;
            string path = _folder.Write("flip.tpk", bytes);
            Directory.CreateDirectory(Target);
            try
            {
                PackageArchive.Extract(path, Target);
            }
            catch (PluginException)
            {
                refused++;
            }
            Directory.Delete(Target, recursive: true);
        }
        Assert.InRange(refused, whole.Length / 3, whole.Length);
        Assert.Equal(["flip.tpk", "test.tpk"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    private string Target => Path.Combine(_folder.Path, "target");

    private string Refused(string path)
    {
        if (Directory.Exists(Target))
            Directory.Delete(Target, recursive: true);
        Directory.CreateDirectory(Target);
        return Assert.Throws<PluginException>(() => PackageArchive.Extract(path, Target)).Message;
    }

    private string Zip(params (string Name, string Text)[] entries)
    {
        string path = Path.Combine(_folder.Path, "test.tpk");
        using FileStream file = new(path, FileMode.Create);
        using ZipArchive archive = new(file, ZipArchiveMode.Create);
        foreach ((string name, string text) in entries)
            using (Stream stream = archive.CreateEntry(name).Open())
                stream.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }
}
