namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>The tokens that a tokenizer.json's post-processor puts around one text, and between two.</summary>
/// <param name="Before">Those in front.</param>
/// <param name="After">Those behind.</param>
/// <param name="Between">How many stand between two texts.</param>
internal sealed record AroundText(IReadOnlyList<string> Before, IReadOnlyList<string> After, int Between)
{
    /// <summary>Whether two texts have a separator more between them than what ends the first; null: they do not end.</summary>
    public bool? AddsSeparator => After.Count == 1 && Between > 0 ? Between > 1 : null;

    /// <summary>Reads the post-processor; null: there is none.</summary>
    public static AroundText Read(TokenizerJson? processor)
    {
        List<string> before = [], after = [];
        int between = 0;
        foreach (TokenizerJson step in processor?.Steps("processors") ?? [])
            switch (step.Text("type"))
            {
                case "ByteLevel":
                    break;
                case "TemplateProcessing":
                    List<string> side = before;
                    foreach (TokenizerJson piece in step.Get("single").Items())
                        if (piece.Find("SpecialToken") is { } token)
                            side.Add(token.Text("id"));
                        else
                            side = after;
                    between = Middle(step);
                    break;
                case "BertProcessing" or "RobertaProcessing":
                    between = step.Text("type") == "BertProcessing" ? 1 : 2;
                    before.Add(step.Get("cls").Items().First().Text());
                    after.Add(step.Get("sep").Items().First().Text());
                    break;
                default:
                    throw step.Unsaid($"a post-processor of type {step.Text("type")}");
            }
        return new AroundText(before, after, between);
    }

    private static int Middle(TokenizerJson template)
    {
        TokenizerJson[] pair = [.. template.Find("pair")?.Items() ?? []];
        int first = Array.FindIndex(pair, p => p.Find("Sequence") is not null), last = Array.FindLastIndex(pair, p => p.Find("Sequence") is not null);
        return Math.Max(0, last - first - 1);
    }
}
