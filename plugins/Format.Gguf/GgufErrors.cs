namespace Tessera.Format.Gguf;

/// <summary>The error for a broken rule, in one form: file, subject, what is wrong.</summary>
internal static class GgufErrors
{
    /// <summary>An error about a part of a file.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="subject">The part, such as <c>key 'general.alignment'</c>.</param>
    /// <param name="message">What was expected and what was found.</param>
    public static ModelFormatException Broken(string file, string subject, string message) =>
        new(Text(file, subject, message));

    /// <summary>An error about a part of a file that breaks no rule, and that this reader does not have.</summary>
    /// <inheritdoc cref="Broken"/>
    public static UnsupportedModelException Unsupported(string file, string subject, string message) => new(Text(file, subject, message));

    private static string Text(string file, string subject, string message) => $"gguf: file '{file}': {subject}: {message}";
}
