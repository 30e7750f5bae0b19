using Tessera.Host.Files;

namespace Tessera.Host.Cli;

/// <summary>The path of a file that a command writes.</summary>
internal static class OutputPath
{
    /// <summary>Refuses, before any work is done, a path at which no file can be.</summary>
    /// <exception cref="TesseraException">It is empty or a folder's, or its own folder is not there.</exception>
    public static void Check(string output)
    {
        if (output.Length == 0)
            throw new TesseraException("the output's name is empty; expected the name of a file to write");
        string path = Path.GetFullPath(output);
        if (Directory.Exists(path))
            throw new TesseraException($"{output}: expected the name of a file to write, found a folder");
        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new TesseraException($"{output}: there is no folder '{folder}' to write it in");
    }

    /// <summary>Refuses a file that the model is read from, by whatever name.</summary>
    /// <exception cref="TesseraException">It is one.</exception>
    public static void RequireOther(string output, ModelFiles files)
    {
        string path = RealPath.Of(output);
        foreach ((string name, string real) in files.RealPaths)
            if (RealPath.Comparer.Equals(path, real))
                throw new TesseraException($"{output}: this is the model's own file '{name}', which cannot be written over; name another file");
    }
}
