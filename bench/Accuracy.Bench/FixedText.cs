namespace Tessera.Accuracy.Bench;

/// <summary>The text that is measured on where none is named: a speech in the public domain, prose of our own, the Declaration of Independence, and three chapters of Lewis Carroll's Alice.</summary>
internal static class FixedText
{
    public static string Read()
    {
        using StreamReader reader = new(typeof(FixedText).Assembly.GetManifestResourceStream("text.txt")!);
        return reader.ReadToEnd();
    }
}
