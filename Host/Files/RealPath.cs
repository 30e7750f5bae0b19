namespace Tessera.Host.Files;

/// <summary>Where a path leads, links of folders and of the file followed.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>Paths of one file, as the system's own file systems compare names.</summary>
    public static StringComparer Comparer => OperatingSystem.IsLinux() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>The path without links; what is not there is taken as it stands.</summary>
    /// <exception cref="IOException">Links lead in a circle.</exception>
    public static string Of(string path)
    {
        string full = Path.GetFullPath(path), real = Path.GetPathRoot(full)!;
        Stack<string> ahead = new();
        Push(full[real.Length..]);
        int links = 0;
        while (ahead.TryPop(out string? part))
        {
            string here = Path.Combine(real, part);
            if (part == "..")
                real = Path.GetDirectoryName(real) ?? real;
            else if (new FileInfo(here).LinkTarget is not { } target)
                real = here;
            else if (++links > MostLinks)
                throw new IOException($"{path}: its links lead in a circle");
            else
            {
                string root = Path.IsPathRooted(target) ? Path.GetPathRoot(target)! : "";
                real = root.Length > 0 ? root : real;
                Push(target[root.Length..]);
            }
        }
        return real;

        void Push(string parts)
        {
            foreach (string part in parts.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse())
                if (part != ".")
                    ahead.Push(part);
        }
    }
}
