using Tessera.Engine.Generation;

namespace Tessera.Host.Api.OpenAi;

/// <summary>What a request of either kind of completion comes to: prompts to generate from, and how to answer.</summary>
internal sealed record CompletionJob
{
    /// <summary>The model's name as the client gave it, or the default's.</summary>
    public required string Model { get; init; }

    /// <summary>One generation for each prompt; each may have several choices.</summary>
    public required IReadOnlyList<GenerationRequest> Requests { get; init; }

    /// <summary>Answer with server-sent events.</summary>
    public bool Stream { get; init; }

    /// <summary>End the stream with a chunk of usage.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Report log-probabilities.</summary>
    public bool LogProbabilities { get; init; }

    /// <summary>Report the ids of prompt and output.</summary>
    public bool ReturnTokenIds { get; init; }

    /// <summary>Choices in all.</summary>
    public int ChoiceCount => Requests.Sum(r => r.Choices);
}
