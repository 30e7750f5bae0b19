using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Tessera.Host.Files;

/// <summary>A file that is written beside its name, under one that nothing had, and takes its name when it is whole; disposed before, it goes away and what was there stays.</summary>
internal sealed class UnfinishedFile : IDisposable
{
    private readonly string _path, _part;
    private readonly SafeFileHandle _handle;

    /// <summary>Makes the file.</summary>
    /// <param name="path">The name that it takes at last.</param>
    /// <param name="length">Bytes that it will have; 0: not known.</param>
    /// <exception cref="TesseraException">It cannot be made.</exception>
    public UnfinishedFile(string path, long length = 0)
    {
        _path = path;
        _part = $"{path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.part";
        try
        {
            _handle = File.OpenHandle(_part, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("no file can be made beside it", e);
        }
    }

    /// <summary>Writes bytes; lanes may write at the same time.</summary>
    /// <exception cref="TesseraException">They cannot be written.</exception>
    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed($"byte {offset} and those behind it cannot be written", e);
        }
    }

    /// <summary>Flushes, and gives the file its name and so many bytes.</summary>
    /// <exception cref="TesseraException">It cannot be flushed or renamed.</exception>
    public void Finish(long length)
    {
        try
        {
            RandomAccess.SetLength(_handle, length);
            RandomAccess.FlushToDisk(_handle);
            _handle.Dispose();
            File.Move(_part, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed("the written file cannot be put in its place", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _handle.Dispose();
        File.Delete(_part);
    }

    private TesseraException Failed(string what, Exception e) => new($"{_path}: {what}: {e.Message}", e);
}
