namespace Tessera.Acceptance.Tests.Stack;

/// <summary>A folder of a test's own.</summary>
internal sealed class TemporaryTree : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("tessera-").FullName;

    /// <summary>The path of a file in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>A copy of the files of another folder, without those of its folders and without goldens.</summary>
    public static TemporaryTree CopyOf(string folder)
    {
        TemporaryTree copy = new();
        foreach (string file in Directory.GetFiles(folder))
            if (System.IO.Path.GetFileName(file) is var name && name != "goldens.json")
                File.Copy(file, copy[name]);
        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
