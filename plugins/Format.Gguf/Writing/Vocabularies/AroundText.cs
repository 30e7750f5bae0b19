namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>The tokens that a tokenizer.json's post-processor puts around one text.</summary>
/// <param name="Before">Those in front.</param>
/// <param name="After">Those behind.</param>
internal sealed record AroundText(IReadOnlyList<string> Before, IReadOnlyList<string> After)
{
    /// <summary>Reads the post-processor; null: there is none.</summary>
    public static AroundText Read(TokenizerJson? processor)
    {
        List<string> before = [], after = [];
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
                    break;
                case "BertProcessing" or "RobertaProcessing":
                    before.Add(step.Get("cls").Items().First().Text());
                    after.Add(step.Get("sep").Items().First().Text());
                    break;
                default:
                    throw step.Unsaid($"a post-processor of type {step.Text("type")}");
            }
        return new AroundText(before, after);
    }
}
