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
        ("functions", "function calling"), ("function_call", "function calling"), ("audio", "audio"), ("prediction", "predicted output"),
        ("web_search_options", "web search"), ("suffix", "text after the completion"), ("grammar", "a grammar"), ("guided_json", "guided output"),
        ("guided_regex", "guided output"), ("guided_grammar", "guided output"), ("min_tokens", "a least number of tokens"),
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
        return new GenerationRequest
        {
            Prompt = [],
            MaxTokens = (int)Math.Min(maxTokens ?? int.MaxValue, int.MaxValue),
            Sampling = SamplingFields.Read(fields, model.Sampling, model.VocabularySize),
            Stop = stop,
            IgnoreEndTokens = fields.Boolean("ignore_eos") ?? false,
            TopLogProbabilities = topLogProbabilities,
            Choices = (int)(fields.Integer("n", 1, model.MaxChoices) ?? 1),
            CacheSalt = salt,
            Speculative = fields.Boolean("speculative") ?? true,
        };
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
