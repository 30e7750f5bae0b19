namespace Tessera.Engine.Sampling;

/// <summary>Draws one sequence's tokens: logit bias, penalties, top-k, typical, top-p, min-p, temperature, draw.</summary>
internal sealed class Sampler
{
    /// <summary>Below this a temperature is 0: logits divided by it would not be numbers.</summary>
    private const float LeastTemperature = 1e-5f;

    private readonly SamplingOptions _options;
    private readonly KeyValuePair<int, float>[] _biases;
    private readonly ulong _seed;
    private readonly TokenCounts? _seen;
    private readonly TokenCounts? _generated;
    private readonly bool _changesLogits;
    private readonly bool _truncates;

    /// <summary>Counts the prompt.</summary>
    /// <param name="options">Valid options.</param>
    /// <param name="seed">Keys the draws.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="maxTokens">The most tokens that will follow.</param>
    public Sampler(SamplingOptions options, ulong seed, ReadOnlySpan<int> prompt, int maxTokens)
    {
        _options = options;
        _seed = seed;
        _biases = [.. options.LogitBias];
        bool repetition = options.RepetitionPenalty != 1 && options.RepetitionWindow != 0;
        bool occurrence = options.FrequencyPenalty != 0 || options.PresencePenalty != 0;
        if (repetition)
        {
            _seen = new TokenCounts(prompt.Length + maxTokens);
            int window = options.RepetitionWindow < 0 ? prompt.Length : Math.Min(prompt.Length, options.RepetitionWindow);
            foreach (int token in prompt[^window..])
                _seen.Add(token, 1);
        }
        if (occurrence)
            _generated = new TokenCounts(maxTokens);
        _changesLogits = repetition || occurrence || _biases.Length > 0;
        _truncates = options.TopK > 0 || options.TypicalP < 1 || options.TopP < 1 || options.MinP > 0;
    }

    /// <summary>Draws the token at a place of the output; −1 when a logit is NaN or +∞, or none is finite.</summary>
    public int Draw(ReadOnlySpan<float> logits, int outputIndex, SamplingBuffers buffers)
    {
        float temperature = _options.Temperature < LeastTemperature ? 0 : _options.Temperature;
        Candidates candidates = buffers.Candidates;
        double p = _options.TopP;
        if (_changesLogits)
        {
            if (!candidates.Load(logits))
                return -1;
            ChangeLogits(candidates);
            if (temperature == 0)
                return candidates.Items[candidates.Best()].Id;
        }
        else
        {
            if (temperature == 0)
                return LogitScan.Argmax(logits);
            float max = LogitScan.Max(logits);
            if (!float.IsFinite(max))
                return -1;
            if (!_truncates)
                return LogitScan.Draw(logits, max, 1 / temperature, CounterRandom.Uniform(_seed, outputIndex));
            p *= LoadShortlist(logits, max, buffers);
        }
        TopK.Apply(candidates, _options.TopK);
        Typical.Apply(candidates, _options.TypicalP);
        if (_options.TopP < 1)
            TopP.Apply(candidates, p);
        MinP.Apply(candidates, _options.MinP);
        Temperature.Apply(candidates, temperature);
        return candidates.Draw(CounterRandom.Uniform(_seed, outputIndex));
    }

    /// <summary>Counts the token that was appended last.</summary>
    /// <param name="tokens">Prompt and output.</param>
    public void Accept(ReadOnlySpan<int> tokens)
    {
        int token = tokens[^1];
        _generated?.Add(token, 1);
        if (_seen is null)
            return;
        _seen.Add(token, 1);
        int leaving = tokens.Length - 1 - _options.RepetitionWindow;
        if (_options.RepetitionWindow > 0 && leaving >= 0)
            _seen.Add(tokens[leaving], -1);
    }

    private void ChangeLogits(Candidates candidates)
    {
        if (_biases.Length > 0)
            LogitBias.Apply(candidates, _biases);
        if (_seen is not null)
            Penalties.Repetition(candidates, _seen, _options.RepetitionPenalty);
        if (_generated is not null)
            Penalties.Occurrence(candidates, _generated, _options.FrequencyPenalty, _options.PresencePenalty);
    }

    /// <summary>Loads the tokens that may survive the truncations.</summary>
    /// <returns>By how much the mass of all tokens is larger than that of those loaded, as top-p sees it.</returns>
    private double LoadShortlist(ReadOnlySpan<float> logits, float max, SamplingBuffers buffers)
    {
        Candidates candidates = buffers.Candidates;
        if (_options.TopK > 0)
        {
            candidates.Load(logits, buffers.Shortlist.TopK(logits, _options.TopK));
            return 1;
        }
        if (_options.TypicalP < 1)
        {
            candidates.Load(logits);
            return 1;
        }
        float threshold = _options.MinP > 0 ? max + MathF.Log(_options.MinP) : float.NegativeInfinity;
        if (_options.TopP == 1)
        {
            candidates.Load(logits, threshold);
            return 1;
        }
        double sum = LogitScan.SumExp(logits, max, 1);
        candidates.Load(logits, Math.Max(threshold, Shortlist.TopP(logits, max, sum, _options.TopP)));
        return sum / candidates.SumExp(max);
    }
}

/// <summary>Buffers that all sequences of an engine share, one at a time.</summary>
internal sealed class SamplingBuffers(int vocabulary)
{
    /// <summary>The tokens that may be drawn.</summary>
    public Candidates Candidates { get; } = new(vocabulary);

    /// <summary>Finds the few tokens that are worth loading.</summary>
    public Shortlist Shortlist { get; } = new(vocabulary);
}
