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

    /// <summary>Checks every field's range.</summary>
    /// <exception cref="SamplingOptionsException">A field is out of range; the exception names it.</exception>
    public void Validate()
    {
        Require(Temperature is >= 0 and <= 100, nameof(Temperature), Temperature, "0 to 100");
        Require(TopK >= 0, nameof(TopK), TopK, "at least 0");
        Require(TypicalP is > 0 and <= 1, nameof(TypicalP), TypicalP, "above 0, at most 1");
        Require(TopP is > 0 and <= 1, nameof(TopP), TopP, "above 0, at most 1");
        Require(MinP is >= 0 and <= 1, nameof(MinP), MinP, "0 to 1");
        Require(RepetitionPenalty is > 0 and <= 100, nameof(RepetitionPenalty), RepetitionPenalty, "above 0, at most 100");
        Require(RepetitionWindow >= -1, nameof(RepetitionWindow), RepetitionWindow, "at least -1");
        Require(FrequencyPenalty is >= -100 and <= 100, nameof(FrequencyPenalty), FrequencyPenalty, "-100 to 100");
        Require(PresencePenalty is >= -100 and <= 100, nameof(PresencePenalty), PresencePenalty, "-100 to 100");
        foreach ((int token, float bias) in LogitBias)
        {
            Require(token >= 0, nameof(LogitBias), token, "token ids of at least 0");
            Require(float.IsFinite(bias), nameof(LogitBias), bias, "finite numbers");
        }
    }

    private static void Require(bool ok, string field, object found, string expected)
    {
        if (!ok)
            throw new SamplingOptionsException(field, $"expected {expected}, found {found}");
    }
}

/// <summary>A sampling option is out of range.</summary>
/// <param name="field">The property of <see cref="SamplingOptions"/>.</param>
/// <param name="problem">What was expected and found.</param>
public sealed class SamplingOptionsException(string field, string problem) : TesseraException($"{field}: {problem}")
{
    /// <summary>The property of <see cref="SamplingOptions"/>.</summary>
    public string Field { get; } = field;

    /// <summary>What was expected and found, without the field's name.</summary>
    public string Problem { get; } = problem;
}
