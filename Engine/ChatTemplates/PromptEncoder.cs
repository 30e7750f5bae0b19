namespace Tessera.Engine.ChatTemplates;

/// <summary>Turns a rendered conversation into ids.</summary>
public static class PromptEncoder
{
    /// <summary>The ids of a rendered prompt, parsed whole with special tokens. BOS is added where the model wants one and the template wrote none; EOS never is.</summary>
    public static List<int> Encode(ITokenizer tokenizer, ChatPrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompt);
        List<int> ids = [];
        if (tokenizer.Special(SpecialToken.Bos) is { } bos)
        {
            List<int> around = [];
            tokenizer.Encode("", new EncodeOptions { AddSpecial = true }, around);
            if (around.Count > 0 && around[0] == bos)
                ids.Add(bos);
        }
        int added = ids.Count;
        tokenizer.Encode(prompt.Text, new EncodeOptions { ParseSpecial = true, SpecialBreaks = prompt.SpecialBreaks }, ids);
        if (added == 1 && ids.Count > 1 && ids[1] == ids[0])
            ids.RemoveAt(0);
        return ids;
    }
}
