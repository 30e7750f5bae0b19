using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;

namespace Tessera.Tokenizer.Hf.PostProcessors;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/post-processors">post-processors</see>: what they do to a single text. Pairs of texts have no way to be asked for.</summary>
internal static class PostProcessorReader
{
    private const int MostParts = 1000;

    public static PostProcessor Read(JsonPart part, Vocabulary vocabulary) => part.Text("type") switch
    {
        "ByteLevel" => PostProcessor.None, // offsets only
        "TemplateProcessing" => Template(part, vocabulary),
        "BertProcessing" or "RobertaProcessing" => new PostProcessor([Token(part.Get("cls"), vocabulary), PostProcessor.Text, Token(part.Get("sep"), vocabulary)]),
        "Sequence" => Row(part, vocabulary),
        string type => throw part.Unknown("post-processor", type),
    };

    private static PostProcessor Row(JsonPart part, Vocabulary vocabulary)
    {
        PostProcessor all = PostProcessor.None;
        foreach (JsonPart inner in part.Get("processors").Items())
        {
            all = all.In(Read(inner, vocabulary));
            if (all.Parts.Count > MostParts)
                throw new UnsupportedModelException($"{part.Where}: more than {MostParts} tokens around a text");
        }
        return all;
    }

    private static PostProcessor Template(JsonPart part, Vocabulary vocabulary)
    {
        List<int> parts = [];
        JsonPart single = part.Get("single");
        foreach (JsonPart piece in single.Items())
        {
            if (piece.Find("SpecialToken") is { } special)
                parts.AddRange(Ids(part, special.Text("id"), vocabulary));
            else if (piece.Get("Sequence").Text("id") is "A")
                parts.Add(PostProcessor.Text);
            else
                throw new UnsupportedModelException($"{piece.Where}: a template for one text that asks for a second one is not supported");
        }
        if (parts.Count > MostParts)
            throw new UnsupportedModelException($"{single.Where}: more than {MostParts} tokens around a text");
        return new PostProcessor(parts);
    }

    private static IEnumerable<int> Ids(JsonPart template, string name, Vocabulary vocabulary)
    {
        JsonPart tokens = template.Get("special_tokens");
        JsonPart token = tokens.Find(name) ?? throw new ModelFormatException($"{tokens.Where}: '{name}', which the template names, is missing");
        return token.Get("ids").Items().Select(id => Check(id, vocabulary));
    }

    // A spelling and its id.
    private static int Token(JsonPart part, Vocabulary vocabulary)
    {
        JsonPart[] pair = [.. part.Items().Take(3)];
        return pair.Length == 2 ? Check(pair[1], vocabulary) : throw part.Bad("a spelling and an id");
    }

    private static int Check(JsonPart part, Vocabulary vocabulary)
    {
        int id = part.Number(int.MaxValue);
        return id < vocabulary.Count && vocabulary[id] is not null ? id : throw new ModelFormatException($"{part.Where}: {id} is no token's id");
    }
}
