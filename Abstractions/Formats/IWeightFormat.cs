namespace Tessera.Abstractions.Formats;

/// <summary>Reads one kind of model file: finds the tensors, the metadata and the tokenizer in it, and copies no weights.</summary>
public interface IWeightFormat
{
    /// <summary>A short name for messages, such as <c>gguf</c>.</summary>
    string Name { get; }

    /// <summary>Whether a file is this format's own.</summary>
    /// <param name="header">The file's first bytes: 64, or all that it has.</param>
    /// <param name="fileName">The file's name without its folder.</param>
    bool Probe(ReadOnlySpan<byte> header, string fileName);

    /// <summary>Reads the model's description. Everything in it is checked against the files' lengths; no memory is allocated by an unchecked number.</summary>
    /// <param name="files">The model's files; the host keeps them open for as long as the result is in use.</param>
    /// <exception cref="ModelFormatException">A rule of the format is broken; the text names the file, the key or tensor, what was expected and what was found.</exception>
    ModelSource Open(IModelFiles files);
}

/// <summary>Optional, beside <see cref="IWeightFormat"/>: a format whose models are folders.</summary>
public interface IFolderFormat
{
    /// <summary>Whether a folder is this format's own.</summary>
    /// <param name="folder">The folder; files that are looked for in it stay open.</param>
    /// <exception cref="ModelFormatException">A file that is looked for cannot be read.</exception>
    bool ProbeFolder(IModelFiles folder);
}

/// <summary>The files of one model. The host opens and maps them; a format asks for them by name.</summary>
public interface IModelFiles
{
    /// <summary>The name of the file (or folder) that the user named, without its folder.</summary>
    string Name { get; }

    /// <summary>True when the user named a folder; <see cref="Name"/> is then not a file.</summary>
    bool IsFolder { get; }

    /// <summary>The file, opened once and kept open, or null when it does not exist.</summary>
    /// <param name="relativeName">A name relative to the folder of the model. No path that leaves this folder is followed.</param>
    /// <exception cref="ModelFormatException">The name leaves the folder, or the file cannot be read.</exception>
    IModelFile? TryOpen(string relativeName);
}

/// <summary>One open file: immutable bytes at a fixed address, mapped or read by the host.</summary>
public unsafe interface IModelFile
{
    /// <summary>The file's name relative to the model's folder.</summary>
    string Name { get; }

    /// <summary>The length in bytes.</summary>
    long Length { get; }

    /// <summary>The address of the first byte; 64-byte aligned. Valid for as long as a composition uses the model.</summary>
    byte* Data { get; }
}
