using System.Text.Json;
using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>The fields that chat and text completions share, beside the sampling fields.</summary>
internal static class CompletionFields
{
    private const int MaxStops = 16;

    /// <summary>The prefix cache keeps a salt for as long as a block that was computed with it.</summary>
    private const int MaxSalt = 256;

    /// <summary>Fields that change the answer in a way that is not there yet: refused, never ignored.</summary>
    private static readonly (string Field, string What)[] Refused =
    [
        ("functions", "function calling"), ("function_call", "function calling"), ("audio", "audio"),
        ("web_search_options", "web search"), ("suffix", "text after the completion"), ("guided_json", "guided output"),
        ("guided_regex", "guided output"),
    ];

    /// <summary>Reads the fields into a request without a prompt.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="model">The model.</param>
    /// <param name="maxTokens">The limit of output tokens, from the fields that this kind of request has.</param>
    /// <param name="topLogProbabilities">Alternatives to report, or −1.</param>
    public static GenerationRequest Read(in FieldReader fields, ApiModel model, long? maxTokens, int topLogProbabilities)
    {
        foreach ((string field, string what) in Refused)
            if (fields.Get(field) is not null)
                throw ApiException.Unsupported(fields.Name(field), what);
        IReadOnlyList<string> stop = fields.Strings("stop", MaxStops);
        for (int i = 0; i < stop.Count; i++)
            if (stop[i].Length is 0 or > 1024)
                throw ApiException.Invalid($"stop[{i}]", "1 to 1024 characters", $"{stop[i].Length}");
        string? salt = fields.String("cache_salt");
        if (salt?.Length > MaxSalt)
            throw ApiException.Invalid(fields.Name("cache_salt"), $"at most {MaxSalt} characters", $"{salt.Length}");
        int most = (int)Math.Min(maxTokens ?? int.MaxValue, int.MaxValue), least = (int)(fields.Integer("min_tokens", 0, int.MaxValue) ?? 0);
        if (least > most)
            throw ApiException.Invalid(fields.Name("min_tokens"), $"at most the limit of output tokens, {most}", $"{least}");
        return new GenerationRequest
        {
            Prompt = [],
            MaxTokens = most,
            MinTokens = least,
            Sampling = SamplingFields.Read(fields, model.Sampling, model.VocabularySize),
            Stop = stop,
            Grammar = GrammarFields.Read(fields),
            IgnoreEndTokens = fields.Boolean("ignore_eos") ?? false,
            TopLogProbabilities = topLogProbabilities,
            Choices = (int)(fields.Integer("n", 1, model.MaxChoices) ?? 1),
            CacheSalt = salt,
            Speculative = fields.Boolean("speculative") ?? true,
            Prediction = Prediction(fields, model),
        };
    }

    /// <summary>The tokens of the output that the client expects; empty when it says nothing. They change nothing but the time.</summary>
    private static int[] Prediction(in FieldReader fields, ApiModel model)
    {
        const string Field = "prediction";
        if (fields.Get(Field) is not { } value)
            return [];
        FieldReader prediction = new(value, Field);
        string type = prediction.String("type") ?? throw ApiException.Invalid(prediction.Name("type"), "'content'", "nothing");
        if (type != "content")
            throw ApiException.Invalid(prediction.Name("type"), "'content'", $"'{type}'");
        JsonElement content = prediction.Get("content") ?? throw ApiException.Invalid(prediction.Name("content"), "a text or an array of parts", "nothing");
        return model.EncodeOutput(MessageContent.Text(content, prediction.Name("content")));
    }

    /// <summary>The limit of output tokens, or null.</summary>
    public static long? MaxTokens(in FieldReader fields) =>
        fields.Integer("max_completion_tokens", 0, int.MaxValue) ?? fields.Integer("max_tokens", 0, int.MaxValue);

    /// <summary>Whether to stream, and whether the stream ends with usage.</summary>
    public static (bool Stream, bool IncludeUsage) Streaming(in FieldReader fields)
    {
        bool stream = fields.Boolean("stream") ?? false;
        if (fields.Get("stream_options") is not { } options)
            return (stream, false);
        if (!stream)
            throw ApiException.Invalid("stream_options", "only together with 'stream': true");
        return (stream, new FieldReader(options, "stream_options").Boolean("include_usage") ?? false);
    }
}
