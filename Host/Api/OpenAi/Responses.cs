using System.Text.Json.Serialization;

namespace Tessera.Host.Api.OpenAi;

/// <summary>Token counts of a request.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails CompletionTokensDetails)
{
    /// <summary>How often a continuation was begun with one composition and computed again with another; null: never.</summary>
    public int? Migrations { get; init; }
}

/// <summary>Prompt tokens that were found in the prefix cache.</summary>
internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>Tokens of the request's prediction that were tried: those that stand in the completion, and those that do not.</summary>
internal sealed record CompletionTokensDetails(int AcceptedPredictionTokens, int RejectedPredictionTokens);

/// <summary>A chat completion.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChoice> Choices, Usage Usage, string SystemFingerprint)
{
    public int[]? PromptTokenIds { get; init; }
}

/// <summary>One answer.</summary>
internal sealed record ChatChoice(int Index, ChatMessage Message, string? FinishReason)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ChatLogProbabilities? Logprobs { get; init; }

    public int[]? TokenIds { get; init; }
}

/// <summary>The answer's message.</summary>
internal sealed record ChatMessage(string Role, string Content)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }
}

/// <summary>A part of a streamed chat completion.</summary>
internal sealed record ChatChunk(string Id, string Object, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices, string SystemFingerprint)
{
    public Usage? Usage { get; init; }

    public int[]? PromptTokenIds { get; init; }
}

/// <summary>What a chunk adds to one answer.</summary>
internal sealed record ChatChunkChoice(int Index, ChatDelta Delta)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ChatLogProbabilities? Logprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    public int[]? TokenIds { get; init; }
}

/// <summary>What a chunk adds to the message.</summary>
internal sealed record ChatDelta
{
    public string? Role { get; init; }

    public string? Content { get; init; }
}

/// <summary>Log-probabilities of a chat answer's tokens.</summary>
internal sealed record ChatLogProbabilities(IReadOnlyList<ChatTokenLogProbability> Content);

/// <summary>One token with its alternatives.</summary>
internal sealed record ChatTokenLogProbability(string Token, float Logprob, int[] Bytes, IReadOnlyList<ChatTopLogProbability> TopLogprobs);

/// <summary>An alternative.</summary>
internal sealed record ChatTopLogProbability(string Token, float Logprob, int[] Bytes);

/// <summary>A text completion, or a part of a streamed one.</summary>
internal sealed record TextCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<TextChoice> Choices, string SystemFingerprint)
{
    public Usage? Usage { get; init; }
}

/// <summary>One continuation, or what a chunk adds to it.</summary>
internal sealed record TextChoice(int Index, string Text)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TextLogProbabilities? Logprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    public int[]? TokenIds { get; init; }

    public int[]? PromptTokenIds { get; init; }
}

/// <summary>Log-probabilities of a text completion's tokens; offsets count characters of the completion.</summary>
internal sealed record TextLogProbabilities(IReadOnlyList<string> Tokens, IReadOnlyList<float> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>>? TopLogprobs, IReadOnlyList<int> TextOffset);

/// <summary>The models that are served.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

/// <summary>One model.</summary>
internal sealed record ModelCard(string Id, string Object, long Created, string OwnedBy, string Status)
{
    public int? MaxModelLen { get; init; }
}
