namespace Tessera.Format.Gguf;

/// <summary>The error for a broken rule, in one form: file, subject, what is wrong.</summary>
internal static class GgufErrors
{
    /// <summary>An error about a part of a file.</summary>
    /// <param name="file">The file's name.</param>
    /// <param name="subject">The part, such as <c>key 'general.alignment'</c>.</param>
    /// <param name="message">What was expected and what was found.</param>
    public static ModelFormatException Broken(string file, string subject, string message) =>
        new($"gguf: file '{file}': {subject}: {message}");
}
