using System.Runtime.InteropServices;
using Tessera.Abstractions.Formats;
using Tessera.Host.Files;

namespace Tessera.Host.Tests.Files;

public sealed partial class SmallPagesTests : IDisposable
{
    private const int Length = SmallPages.Step + (9 << 20), Piece = 4096, Drop = 4;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // As downloaders do: the page cache then has it in small pages, which stay for as long as it is there.
    [Fact]
    public async Task A_file_that_was_written_in_small_pieces_stands_in_large_pages()
    {
        byte[] bytes = new byte[Length];
        new Random(1).NextBytes(bytes);
        string path = Write("dropped.gguf", bytes, drop: true);
        using (ModelFiles dropped = ModelFiles.At(path, mmap: true))
            Assert.SkipUnless(await Large(dropped, bytes) >= Length / 2, "this kernel and file system have no large pages for files");
        using ModelFiles files = ModelFiles.At(Write("written.gguf", bytes, drop: false), mmap: true);
        Assert.InRange(await Large(files, bytes), Length / 2, Length);
    }

    [Fact]
    public unsafe void Replacing_ends_when_nobody_wants_the_file_anymore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux alone");
        byte[] bytes = new byte[Length];
        using ModelFiles files = ModelFiles.At(Write("a.gguf", bytes, drop: false), mmap: true);
        IModelFile file = files.TryOpen(files.Name)!;
        Pages.Touch(file.Data, file.Length);
        int asked = 0;
        SmallPages.Replace(file.Data, file.Length, () => ++asked > 1);
        Assert.Equal(1, asked);
        SmallPages.Replace(file.Data, SmallPages.Step - 1, () => ++asked > 1);
        Assert.Equal(1, asked);
        Assert.True(new ReadOnlySpan<byte>(file.Data, Length).SequenceEqual(bytes));
    }

    private static async Task<long> Large(ModelFiles files, byte[] bytes)
    {
        IModelFile file = files.TryOpen(files.Name)!;
        await files.PrefaultAsync();
        Assert.True(IsEqual(file, bytes));
        return Bytes(file);
    }

    private static unsafe bool IsEqual(IModelFile file, byte[] bytes) => new ReadOnlySpan<byte>(file.Data, (int)file.Length).SequenceEqual(bytes);

    private static unsafe long Bytes(IModelFile file) => SmallPages.LargeBytes(file.Data, file.Length);

    private string Write(string name, byte[] bytes, bool drop)
    {
        string path = Path.Combine(_folder.Path, name);
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int at = 0; at < bytes.Length; at += Piece)
            stream.Write(bytes, at, Math.Min(Piece, bytes.Length - at));
        stream.Flush(flushToDisk: true);
        if (drop && OperatingSystem.IsLinux())
            _ = Advise((int)stream.SafeFileHandle.DangerousGetHandle(), 0, 0, Drop);
        return path;
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);
}
