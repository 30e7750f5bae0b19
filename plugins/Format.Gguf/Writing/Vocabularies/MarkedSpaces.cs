namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>Reads from a tokenizer.json how a SentencePiece vocabulary treats spaces: which are marked, and whether a text gets one in front.</summary>
internal static class MarkedSpaces
{
    private const string Mark = "▁";

    /// <summary>Whether a text gets a space in front.</summary>
    /// <exception cref="UnsupportedModelException">A step does something else to texts.</exception>
    public static bool PutsOneInFront(TokenizerJson file)
    {
        bool inFront = false;
        foreach (TokenizerJson step in file.Find("normalizer")?.Steps("normalizers") ?? [])
            switch (step.Text("type"))
            {
                case "Prepend" when step.Text("prepend") == Mark:
                    inFront = true;
                    break;
                case "Replace" when step.Text("content") == Mark && step.Get("pattern").Find("String")?.Text() == " ":
                    break;
                default:
                    throw step.Unsaid($"a normalizer of type {step.Text("type")} as it is set up here");
            }
        foreach (TokenizerJson step in file.Find("pre_tokenizer")?.Steps("pretokenizers") ?? [])
            switch (step.Text("type"))
            {
                case "Metaspace" when step.Find("replacement") is not { } mark || mark.Text() == Mark:
                    inFront |= step.Find("prepend_scheme") is { } scheme ? scheme.Text() is "first" or "always" : step.Flag("add_prefix_space", true);
                    break;
                // Of spaces that the normalizer has marked there are none left to cut at.
                case "Split" when step.Get("pattern").Find("String")?.Text() == " ":
                    break;
                default:
                    throw step.Unsaid($"a pre-tokenizer of type {step.Text("type")} as it is set up here");
            }
        return inFront;
    }
}
