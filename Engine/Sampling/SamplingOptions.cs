namespace Tessera.Engine.Sampling;

/// <summary>How the next token is drawn. Steps apply in this order: logit bias, repetition, frequency and presence penalties, top-k, typical, top-p, min-p, temperature.</summary>
public sealed record SamplingOptions
{
    /// <summary>Everything off but temperature 1.</summary>
    public static SamplingOptions Default { get; } = new();

    /// <summary>0: greedy (the highest logit, the lowest id of equals); else logits are divided by it.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps that many best tokens; 0: all.</summary>
    public int TopK { get; init; }

    /// <summary>Locally typical sampling (arXiv 2202.00666): keeps this mass; 1: off.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Keeps the fewest best tokens with at least this mass; 1: off.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps tokens with at least this part of the best one's probability; 0: off.</summary>
    public float MinP { get; init; }

    /// <summary>Tokens of prompt and output: a positive logit is divided by it, another multiplied; 1: off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>How many of the last tokens the repetition penalty looks at; −1: all.</summary>
    public int RepetitionWindow { get; init; } = -1;

    /// <summary>Subtracted from a token's logit for each time that it was generated; 0: off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from a token's logit once it was generated; 0: off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of these tokens first.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Makes draws repeatable: the draw for a token depends on the seed and its place in the output only. Null: a random seed.</summary>
    public ulong? Seed { get; init; }
}
