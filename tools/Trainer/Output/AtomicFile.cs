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

    public static void Write(string path, string text) => Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
