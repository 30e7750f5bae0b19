using System.Text.Json;
using Tessera.Engine.Embeddings;

namespace Tessera.Host.Api.Embeddings;

/// <summary>A body of <c>/v1/embeddings</c>: OpenAI's fields, and <c>prompt_name</c> and <c>truncate</c>.</summary>
internal sealed record EmbeddingRequest
{
    /// <summary>The most inputs of a request, here and for rerankers.</summary>
    public const int MaxInputs = 2048;

    private const string Field = "input";
    private const string Expected = "a text, a list of texts, token ids or lists of them";

    /// <summary>The ids of each input.</summary>
    public required IReadOnlyList<int[]> Inputs { get; init; }

    /// <summary>Elements of an embedding.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Embeddings are answered as base64 of little-endian float32, not as numbers.</summary>
    public bool Base64 { get; init; }

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">The model makes no embeddings, or a field cannot be used.</exception>
    public static EmbeddingRequest Read(JsonElement body, ApiModel model)
    {
        if (model.Texts.WhyNoEmbeddings is { } reason)
            throw new ApiException(400, reason, "model", "model_not_embedding");
        FieldReader fields = new(body);
        int width = model.Texts.Width;
        return new EmbeddingRequest
        {
            Base64 = fields.String("encoding_format") switch
            {
                null or "float" => false,
                "base64" => true,
                string other => throw ApiException.Invalid("encoding_format", "'float' or 'base64'", $"'{other}'"),
            },
            Dimensions = (int)(fields.Integer("dimensions", 1, width) ?? width),
            Inputs = ReadInputs(fields, model),
        };
    }

    private static List<int[]> ReadInputs(in FieldReader fields, ApiModel model)
    {
        string? prompt = fields.String("prompt_name");
        bool? truncate = fields.Boolean("truncate");
        JsonElement input = fields.Get(Field) ?? throw ApiException.Invalid(Field, Expected, "nothing");
        if (input.ValueKind == JsonValueKind.String)
            return [Text(input.GetString()!, Field)];
        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() == 0)
            throw ApiException.Invalid(Field, Expected, FieldReader.Describe(input));
        if (input[0].ValueKind == JsonValueKind.Number)
            return [Ids(input, Field)];
        if (input.GetArrayLength() > MaxInputs)
            throw ApiException.Invalid(Field, $"at most {MaxInputs} inputs", $"{input.GetArrayLength()}");
        List<int[]> inputs = [];
        foreach (JsonElement item in input.EnumerateArray())
        {
            string name = $"{Field}[{inputs.Count}]";
            inputs.Add(item.ValueKind switch
            {
                JsonValueKind.String => Text(item.GetString()!, name),
                JsonValueKind.Array => Ids(item, name),
                _ => throw ApiException.Invalid(name, "a text or token ids", FieldReader.Describe(item)),
            });
        }
        return inputs;

        int[] Ids(JsonElement ids, string name)
        {
            if (prompt is not null)
                throw ApiException.Invalid("prompt_name", "texts to put a prompt in front of", "token ids");
            int[] read = TokenIds.Read(ids, name, model.VocabularySize);
            return Check(model.Texts, truncate == true && read.Length > model.Texts.Longest ? read[..model.Texts.Longest] : read, name, model.Texts.Longest);
        }

        int[] Text(string text, string name)
        {
            TextModel texts = model.Texts;
            string prompted = Prompted(texts, text, prompt);
            // Where the model's files say what texts are cut to, cutting is part of the model.
            bool cuts = truncate ?? texts.Pooling.MaxTokens > 0;
            return Check(texts, cuts ? texts.Encoder.Encode(prompted, texts.Cut) : texts.Encoder.Encode(prompted), name, texts.Cut);
        }
    }

    /// <summary>A text with the prompt of a purpose in front.</summary>
    /// <exception cref="ApiException">The model has no such prompt.</exception>
    public static string Prompted(TextModel model, string text, string? purpose)
    {
        try
        {
            return model.WithPrompt(text, purpose);
        }
        catch (TesseraException e)
        {
            throw new ApiException(400, $"'prompt_name': {e.Message}", "prompt_name", "invalid_value");
        }
    }

    private static int[] Check(TextModel model, int[] ids, string field, int most)
    {
        if (ids.Length == 0)
            throw ApiException.Invalid(field, "at least one token", "none");
        if (ids.Length > most)
            throw new ApiException(400, $"'{field}': {ids.Length} tokens are more than the {most} that the model takes; \"truncate\": true cuts them{(most < model.Longest ? $", and token ids may be {model.Longest}" : "")}", field, "context_length_exceeded");
        return TokenIds.Check(ids, field, model.VocabularySize);
    }
}
