using System.Runtime.CompilerServices;

namespace Tessera.Conformance.Interpreter;

/// <summary>The operations' formulas on single rows, in double precision.</summary>
internal static class Formulas
{
    /// <summary>x / √(mean(x²) + ε) · w.</summary>
    public static void RmsNorm(ReadOnlySpan<double> x, ReadOnlySpan<float> weight, double epsilon, Span<double> result)
    {
        double squares = 0;
        foreach (double value in x)
            squares += value * value;
        double scale = 1 / Math.Sqrt(squares / x.Length + epsilon);
        for (int i = 0; i < x.Length; i++)
            result[i] = x[i] * scale * weight[i];
    }

    /// <summary>Σᵢ weight[i] · x[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> weight, ReadOnlySpan<double> x)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++)
            sum += weight[i] * x[i];
        return sum;
    }

    /// <summary>Rotates one head.</summary>
    public static void Rope(ReadOnlySpan<double> x, RopeTable table, int position, Span<double> result)
    {
        x.CopyTo(result);
        int pairs = table.Frequencies.Length;
        for (int i = 0; i < pairs; i++)
        {
            (int first, int second) = table.Pairing == RopePairing.Interleaved ? (2 * i, 2 * i + 1) : (i, i + pairs);
            double angle = position * (double)table.Frequencies[i];
            double cos = Math.Cos(angle) * table.Magnitude, sin = Math.Sin(angle) * table.Magnitude;
            result[first] = x[first] * cos - x[second] * sin;
            result[second] = x[first] * sin + x[second] * cos;
        }
    }

    /// <summary>exp(xᵢ) / Σ exp(x), in place.</summary>
    public static void Softmax(Span<double> x)
    {
        double highest = double.NegativeInfinity, sum = 0;
        foreach (double value in x)
            highest = Math.Max(highest, value);
        for (int i = 0; i < x.Length; i++)
            sum += x[i] = Math.Exp(x[i] - highest);
        for (int i = 0; i < x.Length; i++)
            x[i] /= sum;
    }

    /// <summary>x · sigmoid(x).</summary>
    public static double Silu(double x) => x / (1 + Math.Exp(-x));
}
