using Tessera.Engine.Speculation;

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

    /// <summary>Whether a draft token is accepted by chance: nothing but the distribution of the output is promised. Else it has to be the token that <see cref="Draw(ReadOnlySpan{float}, int, SamplingBuffers)"/> gives at its place.</summary>
    public bool AcceptsByChance => _options.Seed is null && _options.Temperature >= LeastTemperature;

    /// <summary>The best tokens that a draw is made from; 0: it is made from all logits.</summary>
    public int BestNeeded => _changesLogits ? 0 : _options.Temperature < LeastTemperature ? 1 : _options.TopK;

    /// <summary>As the other, from the <see cref="BestNeeded"/> best tokens, of which none are there where a logit is NaN or +∞, or none is finite.</summary>
    public int Draw(ReadOnlySpan<BestToken> best, int outputIndex, SamplingBuffers buffers)
    {
        if (best.IsEmpty)
            return -1;
        if (_options.Temperature < LeastTemperature)
            return best[0].Token;
        buffers.Candidates.Load(best);
        Truncate(buffers.Candidates, _options.TopP, _options.Temperature);
        return buffers.Candidates.Draw(CounterRandom.Uniform(_seed, outputIndex));
    }

    /// <summary>As the other, from the <see cref="BestNeeded"/> best tokens.</summary>
    public int Verify(ReadOnlySpan<BestToken> best, int outputIndex, int draft, ReadOnlySpan<DraftCandidate> source, IAcceptanceRule rule, SamplingBuffers buffers)
    {
        if (best.IsEmpty)
            return -1;
        buffers.Candidates.Load(best);
        Truncate(buffers.Candidates, _options.TopP, _options.Temperature);
        return Decide(outputIndex, draft, source, rule, buffers.Candidates);
    }

    /// <summary>Draws the token at a place of the output; −1 when a logit is NaN or +∞, or none is finite.</summary>
    public int Draw(ReadOnlySpan<float> logits, int outputIndex, SamplingBuffers buffers)
    {
        float temperature = _options.Temperature < LeastTemperature ? 0 : _options.Temperature;
        if (!_changesLogits)
        {
            if (temperature == 0)
                return LogitScan.Argmax(logits);
            if (!_truncates)
            {
                float max = LogitScan.Max(logits);
                return float.IsFinite(max) ? LogitScan.Draw(logits, max, 1 / temperature, CounterRandom.Uniform(_seed, outputIndex)) : -1;
            }
        }
        Candidates candidates = buffers.Candidates;
        if (!Shape(logits, temperature, buffers))
            return -1;
        return temperature == 0 ? candidates.Items[candidates.Best()].Id : candidates.Draw(CounterRandom.Uniform(_seed, outputIndex));
    }

    /// <summary>Decides on a draft token for a place of the output, where <see cref="AcceptsByChance"/>.</summary>
    /// <param name="logits">The row before the place.</param>
    /// <param name="outputIndex">The place.</param>
    /// <param name="draft">The draft token.</param>
    /// <param name="source">What it was sampled from; empty: it was not left to chance.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="buffers">Scratch.</param>
    /// <returns>The token that stands at the place, the draft when it is accepted; −1 as in <see cref="Draw(ReadOnlySpan{float}, int, SamplingBuffers)"/>.</returns>
    public int Verify(ReadOnlySpan<float> logits, int outputIndex, int draft, ReadOnlySpan<DraftCandidate> source, IAcceptanceRule rule, SamplingBuffers buffers)
    {
        return Shape(logits, _options.Temperature, buffers) ? Decide(outputIndex, draft, source, rule, buffers.Candidates) : -1;
    }

    private int Decide(int outputIndex, int draft, ReadOnlySpan<DraftCandidate> source, IAcceptanceRule rule, Candidates candidates)
    {
        candidates.Softmax();
        ulong seed = CounterRandom.ForDrafts(_seed);
        return rule.Decide(candidates, draft, source, CounterRandom.Uniform(seed, 2L * outputIndex), CounterRandom.Uniform(seed, 2L * outputIndex + 1));
    }

    /// <summary>Leaves the candidates with the logits that the draw is to follow; at temperature 0, before the truncations. False: a logit is NaN or +∞, or none is finite.</summary>
    private bool Shape(ReadOnlySpan<float> logits, float temperature, SamplingBuffers buffers)
    {
        Candidates candidates = buffers.Candidates;
        double p = _options.TopP;
        if (_changesLogits || !_truncates)
        {
            if (!candidates.Load(logits))
                return false;
            ChangeLogits(candidates);
            if (temperature == 0)
                return true;
        }
        else
        {
            float max = LogitScan.Max(logits);
            if (!float.IsFinite(max))
                return false;
            p *= LoadShortlist(logits, max, buffers);
        }
        TopK.Apply(candidates, _options.TopK);
        Truncate(candidates, p, temperature);
        return true;
    }

    private void Truncate(Candidates candidates, double p, float temperature)
    {
        Typical.Apply(candidates, _options.TypicalP);
        if (_options.TopP < 1)
            TopP.Apply(candidates, p);
        MinP.Apply(candidates, _options.MinP);
        Temperature.Apply(candidates, temperature);
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
