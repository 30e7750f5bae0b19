using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Generation;

/// <summary>What to generate. Checked by the caller: ids in range, at least one prompt token, prompt shorter than the context.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt's token ids.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>The most tokens to generate; 0: only prefill. Cut to what the context has room for.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Default;

    /// <summary>Texts that end the generation; they are not part of the output.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>So many tokens come before an end token can be drawn or a stop string ends the generation; at most <see cref="MaxTokens"/>. The end of the context ends it all the same.</summary>
    public int MinTokens { get; init; }

    /// <summary>Generates on past end tokens.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>What the output has to follow; null: nothing. End tokens can be drawn where it may end; where nothing else can come, the generation ends at once, with <see cref="FinishReason.EndToken"/> and whatever <see cref="MinTokens"/> and <see cref="IgnoreEndTokens"/> say.</summary>
    public Grammar? Grammar { get; init; }

    /// <summary>How many alternatives' log-probabilities to report for each token (0 … 20); −1: none, not even the drawn token's.</summary>
    public int TopLogProbabilities { get; init; } = -1;

    /// <summary>How many independent continuations of the prompt; the prompt is computed once.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Asks for the vector of the prompt (<see cref="GenerationStream.Vector"/>): an embedding, or a classifier's scores. Nothing is generated: <see cref="MaxTokens"/> is 0.</summary>
    public bool Pooled { get; init; }

    /// <summary>A type for each token of the prompt; null: all 0.</summary>
    public int[]? TokenTypes { get; init; }

    /// <summary>Part of the prefix cache's key: requests with different salts share nothing.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>False: the decoding strategy does not draft for this request.</summary>
    public bool Speculative { get; init; } = true;

    /// <summary>What the client expects the output to be, as tokens; drafts may come from it. Changes nothing in the output.</summary>
    public ReadOnlyMemory<int> Prediction { get; init; }
}

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>It has not.</summary>
    None,
    /// <summary>An end token, or the end of the request's grammar.</summary>
    EndToken,
    /// <summary>A stop string.</summary>
    StopString,
    /// <summary>The token limit or the end of the context.</summary>
    Length,
    /// <summary>The reader cancelled it, or read too slowly.</summary>
    Cancelled,
    /// <summary>An error; <see cref="GenerationStream.Error"/> has its text.</summary>
    Error,
}
