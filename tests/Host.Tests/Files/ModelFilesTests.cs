using System.Globalization;
using Tessera.Abstractions;
using Tessera.Abstractions.Formats;
using Tessera.Host.Files;

namespace Tessera.Host.Tests.Files;

public sealed class ModelFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_has_its_bytes_at_an_aligned_address(bool mmap)
    {
        byte[] bytes = new byte[100_003];
        new Random(1).NextBytes(bytes);
        List<(long Done, long Total)> progress = [];
        using ModelFiles files = ModelFiles.At(_folder.Write("a.gguf", bytes), mmap, (_, done, total) => progress.Add((done, total)));
        IModelFile file = files.TryOpen(files.Name)!;
        Assert.Equal(("a.gguf", 100_003L, 0L), (file.Name, file.Length, Address(file) % 64));
        Assert.True(Bytes(file).SequenceEqual(bytes));
        Assert.Same(file, files.TryOpen("a.gguf"));
        await files.PrefaultAsync();
        Assert.Equal((100_003L, 100_003L), progress[^1]);
        Assert.Equal(100_003, files.TotalBytes);
    }

    [Fact]
    public async Task Pages_are_in_memory_once_they_are_brought_as_far_as_was_asked_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/smaps");
        const long length = 40 << 20, part = 10 << 20;
        List<long> progress = [];
        using ModelFiles files = ModelFiles.At(Sparse(length), mmap: true, (_, done, _) => progress.Add(done));
        IModelFile file = files.TryOpen(files.Name)!;
        Assert.InRange(Resident(file), 0, part / 2);
        await files.PrefaultAsync(part);
        Assert.Equal([8 << 20, part], progress);
        Assert.InRange(Resident(file), part, length / 2);
        await files.PrefaultAsync();
        Assert.Equal(length, Resident(file));
        Assert.Equal(length, progress[^1]);
        Touch(file, length);
    }

    [Fact]
    public async Task Large_pages_are_asked_for_when_a_files_bytes_are_brought_and_not_before()
    {
        Assert.SkipUnless(File.Exists("/sys/kernel/mm/transparent_hugepage/enabled"), "the system has no large pages");
        using ModelFiles files = ModelFiles.At(Sparse(4 << 20), mmap: true);
        IModelFile file = files.TryOpen(files.Name)!;
        Assert.DoesNotContain("hg", Detail(file, "VmFlags:"));
        await files.PrefaultAsync();
        Assert.Contains("hg", Detail(file, "VmFlags:"));
    }

    [Fact]
    public void Touching_every_page_brings_them_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/smaps");
        const long length = 4 << 20;
        using ModelFiles files = ModelFiles.At(Sparse(length), mmap: true);
        IModelFile file = files.TryOpen(files.Name)!;
        Touch(file, length);
        Assert.Equal(length, Resident(file));
    }

    [Fact]
    public async Task Files_that_their_last_owner_lets_go_of_are_brought_no_further_and_closed()
    {
        using SemaphoreSlim begun = new(0), go = new(0);
        int steps = 0;
        ModelFiles files = ModelFiles.At(Sparse(40 << 20), mmap: true, (_, _, _) =>
        {
            steps++;
            begun.Release();
            go.Wait(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        });
        Assert.NotNull(files.TryOpen(files.Name));
        Task prefault = files.PrefaultAsync();
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        ModelFiles second = files.Share();
        files.Dispose();
        go.Release();
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        // Does not wait for the thread.
        second.Dispose();
        Assert.False(prefault.IsCompleted);
        go.Release();
        await prefault;
        Assert.Equal(2, steps);
        Assert.Throws<ObjectDisposedException>(() => files.TryOpen(files.Name));
    }

    private string Sparse(long length)
    {
        string path = _folder.Write("sparse.gguf", "x");
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(length);
        return path;
    }

    private static unsafe long Address(IModelFile file) => (long)file.Data;

    private static unsafe ReadOnlySpan<byte> Bytes(IModelFile file) => new(file.Data, (int)file.Length);

    private static unsafe void Touch(IModelFile file, long length) => Pages.Touch(file.Data, length);

    // Bytes of a mapping that this process has.
    private static long Resident(IModelFile file) => long.Parse(Detail(file, "Rss:").FirstOrDefault("0"), CultureInfo.InvariantCulture) << 10;

    /// <summary>What the system says of the mapping that begins with the file's first byte.</summary>
    private static string[] Detail(IModelFile file, string name)
    {
        bool own = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (line.Contains('-', StringComparison.Ordinal) && line.Split('-', ' ') is [var from, ..] && long.TryParse(from, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long address))
                own = address == Address(file);
            else if (own && line.StartsWith(name, StringComparison.Ordinal))
                return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
        }
        return [];
    }

    [Theory]
    [InlineData("../b.gguf")]
    [InlineData("/etc/passwd")]
    [InlineData("x/../../b.gguf")]
    [InlineData("..\\b.gguf")]
    [InlineData("C:\\b.gguf")]
    [InlineData("./b.gguf")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void Names_that_lead_out_of_the_folder_are_refused(string name)
    {
        _folder.Write("b.gguf", "outside");
        using ModelFiles files = ModelFiles.At(_folder.Write("model/a.gguf", "inside"), mmap: true);
        Assert.Contains("not inside", Assert.Throws<ModelFormatException>(() => files.TryOpen(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_in_the_manner_of_the_Hugging_Face_cache_are_followed()
    {
        _folder.Write("blobs/1234", "weights");
        string snapshot = Path.Combine(_folder.Path, "snapshots", "main");
        Directory.CreateDirectory(snapshot);
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.gguf"), "../../blobs/1234");
        using ModelFiles files = ModelFiles.At(snapshot, mmap: true);
        Assert.True(files.IsFolder);
        Assert.Equal(7, files.TryOpen("model.gguf")!.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Missing_empty_and_wrong_things_are_told_apart(bool mmap)
    {
        using ModelFiles files = ModelFiles.At(_folder.Write("a.gguf", "x"), mmap);
        _folder.Write("empty.gguf", "");
        _folder.Write("sub/c.gguf", "c");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "dangling"), "nowhere");
        Assert.Null(files.TryOpen("b.gguf"));
        Assert.Null(files.TryOpen("dangling"));
        Assert.Equal(1, files.TryOpen("sub/c.gguf")!.Length);
        Assert.Contains("is empty", Assert.Throws<ModelFormatException>(() => files.TryOpen("empty.gguf")).Message, StringComparison.Ordinal);
        Assert.Contains("found a folder", Assert.Throws<ModelFormatException>(() => files.TryOpen("sub")).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<ModelFormatException>(() => ModelFiles.At(Path.Combine(_folder.Path, "none"), mmap)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Files_stay_open_until_the_last_owner_lets_go()
    {
        ModelFiles files = ModelFiles.At(_folder.Write("a.gguf", "abc"), mmap: true);
        IModelFile file = files.TryOpen("a.gguf")!;
        ModelFiles second = files.Share();
        files.Dispose();
        Assert.Equal((byte)'b', file.Data[1]);
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => files.TryOpen("a.gguf"));
        Assert.Throws<ObjectDisposedException>(files.Share);
    }
}
