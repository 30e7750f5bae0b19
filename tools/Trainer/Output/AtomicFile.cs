namespace Tessera.Trainer.Output;

/// <summary>Files that are whole or not there: written beside and renamed.</summary>
internal static class AtomicFile
{
    public static void Write(string path, Action<Stream> write)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        string part = path + ".part";
        using (FileStream file = File.Create(part))
            write(file);
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Makes the folder, and sees that files can be written there.</summary>
    public static void Try(string folder)
    {
        Directory.CreateDirectory(folder);
        string part = Path.Combine(folder, "try.part");
        using FileStream file = new(part, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
    }

    public static void Write(string path, string text) => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
