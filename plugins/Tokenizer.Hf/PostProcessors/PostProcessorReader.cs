using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;

namespace Tessera.Tokenizer.Hf.PostProcessors;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/post-processors">post-processors</see>: what they do to a text, and to a pair of texts.</summary>
internal static class PostProcessorReader
{
    private const int MostParts = 1000;

    public static PostProcessor Read(JsonPart part, Vocabulary vocabulary) => part.Text("type") switch
    {
        "ByteLevel" => PostProcessor.None, // offsets only
        "TemplateProcessing" => Template(part, vocabulary),
        "BertProcessing" => Classification(Token(part.Get("cls"), vocabulary), Token(part.Get("sep"), vocabulary), between: 1, secondType: 1),
        "RobertaProcessing" => Classification(Token(part.Get("cls"), vocabulary), Token(part.Get("sep"), vocabulary), between: 2, secondType: 0),
        "Sequence" => Row(part, vocabulary),
        string type => throw part.Unknown("post-processor", type),
    };

    private static PostProcessor Classification(int cls, int sep, int between, int secondType) => new([cls, PostProcessor.Text, sep])
    {
        Pair = [new(cls, 0), new(PostProcessor.Text, 0), .. Enumerable.Repeat(new PairPart(sep, 0), between), new(PostProcessor.Second, secondType), new(sep, secondType)],
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
        // An empty list says nothing of pairs.
        return part.Find("pair") is { } pair && pair.Items().Any() ? new PostProcessor(parts) { Pair = Pair(part, pair, vocabulary) } : new PostProcessor(parts);
    }

    private static List<PairPart> Pair(JsonPart template, JsonPart pair, Vocabulary vocabulary)
    {
        const int MostTypes = 1000;
        List<PairPart> parts = [];
        foreach (JsonPart piece in pair.Items())
        {
            JsonPart kind = piece.Find("SpecialToken") ?? piece.Get("Sequence");
            int type = kind.Find("type_id") is { } given ? given.Number(MostTypes) : 0;
            if (piece.Find("SpecialToken") is not null)
                parts.AddRange(Ids(template, kind.Text("id"), vocabulary).Select(id => new PairPart(id, type)));
            else
                parts.Add(new PairPart(kind.Text("id") is "A" ? PostProcessor.Text : PostProcessor.Second, type));
            if (parts.Count > MostParts)
                throw new UnsupportedModelException($"{pair.Where}: more than {MostParts} tokens around two texts");
        }
        foreach (int text in (ReadOnlySpan<int>)[PostProcessor.Text, PostProcessor.Second])
            if (parts.Count(p => p.Id == text) != 1)
                throw new UnsupportedModelException($"{pair.Where}: expected each of two texts once");
        return parts;
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
