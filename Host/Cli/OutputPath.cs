namespace Tessera.Host.Cli;

/// <summary>The path of a file that a command writes.</summary>
internal static class OutputPath
{
    /// <summary>Refuses, before any work is done, a path at which no file can be.</summary>
    /// <exception cref="TesseraException">It is a folder's, or its own folder is not there.</exception>
    public static void Check(string output)
    {
        string path = Path.GetFullPath(output);
        if (Directory.Exists(path))
            throw new TesseraException($"{output}: expected the name of a file to write, found a folder");
        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new TesseraException($"{output}: there is no folder '{folder}' to write it in");
    }
}
