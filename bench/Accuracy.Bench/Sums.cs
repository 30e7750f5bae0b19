using Tessera.Engine.Evaluation;

namespace Tessera.Accuracy.Bench;

/// <summary>Adds up how far the product's logits are from the reference's.</summary>
internal sealed class Sums
{
    private double _reference, _product, _distance, _squares, _divergence, _largest;
    private int _count, _same;

    /// <summary>Adds a position.</summary>
    /// <param name="reference">The reference's logits.</param>
    /// <param name="product">The product's.</param>
    /// <param name="next">The text's next token.</param>
    public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> product, int next)
    {
        double expected = LogProbability.Of(reference, next), found = LogProbability.Of(product, next), between = Divergence.Of(reference, product);
        _count++;
        _reference -= expected;
        _product -= found;
        _distance += Math.Abs(found - expected);
        _squares += (found - expected) * (found - expected);
        _divergence += between;
        _largest = Math.Max(_largest, between);
        _same += Best(reference) == Best(product) ? 1 : 0;
    }

    /// <summary>The means.</summary>
    public Measured Measured
    {
        get
        {
            double change = (_product - _reference) / _count;
            return new(_reference / _count, _product / _count, Math.Sqrt((_squares / _count - change * change) / _count), _distance / _count, _divergence / _count, _largest, (double)_same / _count);
        }
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best])
                best = i;
        return best;
    }
}

/// <summary>What was measured; means over the positions, and the standard error of the difference of the first two.</summary>
internal sealed record Measured(double ReferenceNll, double ProductNll, double Error, double Distance, double Divergence, double LargestDivergence, double SameBest);
