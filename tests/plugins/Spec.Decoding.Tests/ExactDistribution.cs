using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>The probabilities of all continuations of three tokens, in float64 from the model's logits and the samplers' definitions; and how well counts agree with them.</summary>
internal sealed class ExactDistribution
{
    private const int Length = 3;
    private readonly LedgerModel _model;
    private readonly GenerationRequest _request;
    private readonly int _end, _vocabulary;
    private readonly double[] _probabilities;
    private readonly Func<IReadOnlyList<int>, int, bool>? _allowed;

    /// <param name="model">The model.</param>
    /// <param name="request">What is asked of it.</param>
    /// <param name="end">The end token.</param>
    /// <param name="allowed">Whether the request's grammar lets a token follow an output; null: it has none.</param>
    public ExactDistribution(LedgerModel model, GenerationRequest request, int end, Func<IReadOnlyList<int>, int, bool>? allowed = null)
    {
        _allowed = allowed;
        (_model, _request, _end, _vocabulary) = (model, request, end, model.Graph.VocabularySize);
        _probabilities = new double[_vocabulary * _vocabulary * _vocabulary];
        Fill([.. request.Prompt], 0, 0, 1);
    }

    /// <summary>The cell of a continuation.</summary>
    public int Cell(ReadOnlySpan<int> tokens) => (tokens[0] * _vocabulary + tokens[1]) * _vocabulary + tokens[2];

    public int Cells => _probabilities.Length;

    /// <summary>Pearson's chi-square as a standard normal number (Wilson and Hilferty): p is above 0.001 where it is below 3.09. Cells that hardly ever come count together.</summary>
    public double Score(int[] counts)
    {
        const double Least = 10;
        const double Impossible = 1e-12;
        double total = counts.Sum(), square = 0, rareExpected = 0, rareFound = 0;
        int cells = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            double expected = _probabilities[i] * total;
            if (_probabilities[i] < Impossible && counts[i] > 0)
                return double.PositiveInfinity;
            if (expected < Least)
                (rareExpected, rareFound) = (rareExpected + expected, rareFound + counts[i]);
            else
            {
                square += Math.Pow(counts[i] - expected, 2) / expected;
                cells++;
            }
        }
        if (rareExpected >= Least)
        {
            square += Math.Pow(rareFound - rareExpected, 2) / rareExpected;
            cells++;
        }
        double freedom = cells - 1, spread = 2 / (9 * freedom);
        return (Math.Cbrt(square / freedom) - (1 - spread)) / Math.Sqrt(spread);
    }

    private void Fill(List<int> tokens, int depth, int cell, double probability)
    {
        double[] next = Next(_model.Expected(tokens), tokens, depth);
        for (int token = 0; token < next.Length; token++)
        {
            if (next[token] == 0)
                continue;
            int at = cell * _vocabulary + token;
            if (depth == Length - 1)
            {
                _probabilities[at] = probability * next[token];
                continue;
            }
            tokens.Add(token);
            Fill(tokens, depth + 1, at, probability * next[token]);
            tokens.RemoveAt(tokens.Count - 1);
        }
    }

    /// <summary>Least tokens, the grammar, logit bias, repetition, frequency and presence penalties, top-k, top-p, min-p, temperature.</summary>
    private double[] Next(float[] logits, List<int> tokens, int depth)
    {
        SamplingOptions sampling = _request.Sampling;
        double[] values = [.. logits.Select(l => (double)l)];
        foreach ((int token, float bias) in sampling.LogitBias)
            values[token] += bias;
        foreach (int token in tokens.Distinct())
            values[token] = values[token] > 0 ? values[token] / sampling.RepetitionPenalty : values[token] * sampling.RepetitionPenalty;
        foreach (IGrouping<int, int> said in tokens.Skip(_request.Prompt.Length).GroupBy(t => t))
            values[said.Key] -= said.Count() * sampling.FrequencyPenalty + sampling.PresencePenalty;
        if (depth < _request.MinTokens)
            values[_end] = double.NegativeInfinity;
        for (int token = 0; token < values.Length; token++)
            if (_allowed?.Invoke([.. tokens.Skip(_request.Prompt.Length)], token) == false)
                values[token] = double.NegativeInfinity;
        int[] best = [.. Enumerable.Range(0, values.Length).Where(i => double.IsFinite(values[i])).OrderByDescending(i => values[i]).Take(sampling.TopK == 0 ? values.Length : sampling.TopK)];
        double sum = best.Sum(i => Math.Exp(values[i])), mass = 0;
        List<int> kept = [];
        foreach (int i in best)
        {
            if (Math.Exp(values[i] - values[best[0]]) >= sampling.MinP)
                kept.Add(i);
            if ((mass += Math.Exp(values[i]) / sum) >= sampling.TopP)
                break;
        }
        double[] result = new double[values.Length];
        foreach (int i in kept)
            result[i] = Math.Exp(values[i] / sampling.Temperature);
        double all = result.Sum();
        return [.. result.Select(r => r / all)];
    }
}
