using System.Text.Json;
using Tessera.Engine.Embeddings;

namespace Tessera.Host.Api.Embeddings;

/// <summary>A body of <c>/v1/rerank</c>, with the fields that Jina and Cohere have in common and Cohere's <c>max_tokens_per_doc</c>.</summary>
internal sealed record RerankRequest
{
    private const string Field = "documents";
    private const string Expected = "a list of texts, or of objects with a text";

    /// <summary>The documents.</summary>
    public required IReadOnlyList<string> Documents { get; init; }

    /// <summary>The query with each document: ids and token types.</summary>
    public required IReadOnlyList<(int[] Ids, int[] Types)> Pairs { get; init; }

    /// <summary>How many of the best are answered.</summary>
    public required int Top { get; init; }

    /// <summary>Answers the documents' texts too.</summary>
    public bool ReturnDocuments { get; init; }

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">The model is no reranker, or a field cannot be used.</exception>
    public static RerankRequest Read(JsonElement body, ApiModel model)
    {
        if (model.Texts.WhyNoScores is { } reason)
            throw new ApiException(400, reason, "model", "model_not_reranker");
        FieldReader fields = new(body);
        string query = fields.String("query") ?? throw ApiException.Invalid("query", "a text", "nothing");
        List<string> documents = ReadDocuments(fields, EmbeddingRequest.MaxInputs);
        TextModel texts = model.Texts;
        int mostOfDocument = (int)(fields.Integer("max_tokens_per_doc", 1, int.MaxValue) ?? int.MaxValue);
        return new RerankRequest
        {
            Documents = documents,
            Top = (int)Math.Min(documents.Count, fields.Integer("top_n", 1, int.MaxValue) ?? documents.Count),
            ReturnDocuments = fields.Boolean("return_documents") ?? false,
            Pairs = EncodePairs(texts, query, documents, mostOfDocument),
        };
    }

    /// <summary>The query with each document, cut to what the model takes.</summary>
    /// <exception cref="ApiException">The model has no row for one of the ids.</exception>
    public static IReadOnlyList<(int[] Ids, int[] Types)> EncodePairs(TextModel model, string query, IReadOnlyList<string> documents, int mostOfDocument = int.MaxValue)
    {
        IReadOnlyList<(int[] Ids, int[] Types)> pairs = model.Encoder.EncodePairs(query, documents, model.Cut, mostOfDocument);
        for (int i = 0; i < pairs.Count; i++)
            if (pairs[i].Ids.Any(id => (uint)id >= (uint)model.VocabularySize))
            {
                TokenIds.Check(model.Encoder.Encode(query), "query", model.VocabularySize);
                TokenIds.Check(pairs[i].Ids, $"{Field}[{i}]", model.VocabularySize);
            }
        return pairs;
    }

    /// <summary>The answer: the best documents first, of equals the earlier one.</summary>
    public RerankResponse Answer(double[] relevances, string model)
    {
        int tokens = Pairs.Sum(p => p.Ids.Length);
        return new RerankResponse($"rerank-{Guid.NewGuid():N}", "list", model,
            [.. Enumerable.Range(0, relevances.Length).OrderByDescending(i => relevances[i]).Take(Top).Select(i => new RerankResult(i, relevances[i]) { Document = ReturnDocuments ? new RerankDocument(Documents[i]) : null })],
            new RerankUsage(tokens, tokens));
    }

    /// <summary>The field <c>documents</c>.</summary>
    /// <param name="fields">A body or line.</param>
    /// <param name="most">The most documents.</param>
    /// <exception cref="ApiException">It is absent, empty, too long or holds something else than texts.</exception>
    public static List<string> ReadDocuments(in FieldReader fields, int most)
    {
        JsonElement list = fields.Get(Field) ?? throw ApiException.Invalid(Field, Expected, "nothing");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0 || list.GetArrayLength() > most)
            throw ApiException.Invalid(Field, most == int.MaxValue ? $"{Expected}, 1 or more" : $"{Expected}, 1 to {most}", FieldReader.Describe(list));
        List<string> documents = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            string name = $"{Field}[{documents.Count}]";
            documents.Add(item.ValueKind switch
            {
                JsonValueKind.String => item.GetString()!,
                JsonValueKind.Object => new FieldReader(item, name).String("text") ?? throw ApiException.Invalid($"{name}.text", "a text", "nothing"),
                _ => throw ApiException.Invalid(name, "a text or an object with a text", FieldReader.Describe(item)),
            });
        }
        return documents;
    }
}

/// <summary>The answer of <c>/v1/rerank</c>.</summary>
internal sealed record RerankResponse(string Id, string Object, string Model, IReadOnlyList<RerankResult> Results, RerankUsage Usage);

/// <summary>A document's place in the request and its relevance.</summary>
internal sealed record RerankResult(int Index, double RelevanceScore)
{
    public RerankDocument? Document { get; init; }
}

/// <summary>A document.</summary>
internal sealed record RerankDocument(string Text);

/// <summary>Tokens of all pairs.</summary>
internal sealed record RerankUsage(int PromptTokens, int TotalTokens);
