using Tessera.Abstractions;
using Tessera.Abstractions.Formats;
using Tessera.Host.Files;

namespace Tessera.Host.Tests.Files;

public sealed unsafe class ModelFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_has_its_bytes_at_an_aligned_address(bool mmap)
    {
        byte[] bytes = new byte[100_003];
        new Random(1).NextBytes(bytes);
        List<(long Done, long Total)> progress = [];
        using ModelFiles files = ModelFiles.At(_folder.Write("a.gguf", bytes), mmap, (_, done, total) => progress.Add((done, total)));
        IModelFile file = files.TryOpen(files.Name)!;
        Assert.Equal(("a.gguf", 100_003L, 0L), (file.Name, file.Length, (long)file.Data % 64));
        Assert.True(new ReadOnlySpan<byte>(file.Data, bytes.Length).SequenceEqual(bytes));
        Assert.Same(file, files.TryOpen("a.gguf"));
        files.Prefetch();
        Assert.Equal((100_003L, 100_003L), progress[^1]);
        Assert.Equal(100_003, files.TotalBytes);
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
    public void Files_stay_open_until_the_last_owner_lets_go()
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
