using System.Text;

namespace Tessera.Host.Cli;

/// <summary>Text files that commands are given.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, for the error.</param>
    /// <exception cref="TesseraException">It is not there, or cannot be read.</exception>
    public static string Read(string path, string what)
    {
        if (Directory.Exists(path))
            throw new TesseraException($"{path}: a folder; expected {what}");
        try
        {
            return File.ReadAllText(path, s_strict);
        }
        catch (DecoderFallbackException e)
        {
            throw new TesseraException($"{path}: not UTF-8; expected {what}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            throw new TesseraException($"{path}: no such file; expected {what}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TesseraException($"{path}: {e.Message} Expected {what}", e);
        }
    }
}
