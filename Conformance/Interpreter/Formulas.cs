using System.Runtime.CompilerServices;

namespace Tessera.Conformance.Interpreter;

/// <summary>The operations' formulas on single rows, in double precision.</summary>
internal static class Formulas
{
    /// <summary>For each group: x / √(mean(x²) + ε) · w. The weight is as long as the row, or as a group.</summary>
    public static void RmsNorm(ReadOnlySpan<double> x, ReadOnlySpan<float> weight, int groups, bool weightIsOffset, double epsilon, Span<double> result)
    {
        int length = x.Length / groups;
        for (int start = 0; start < x.Length; start += length)
        {
            double squares = 0;
            foreach (double value in x.Slice(start, length))
                squares += value * value;
            double scale = 1 / Math.Sqrt(squares / length + epsilon);
            for (int i = start; i < start + length; i++)
                result[i] = x[i] * scale * (weight[i % weight.Length] + (weightIsOffset ? 1.0 : 0.0));
        }
    }

    /// <summary>For each group: (x − mean(x)) / √(variance(x) + ε) · w + b. Weight and bias are as long as the row, or as a group; the bias may be empty.</summary>
    public static void LayerNorm(ReadOnlySpan<double> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int groups, double epsilon, Span<double> result)
    {
        int length = x.Length / groups;
        for (int start = 0; start < x.Length; start += length)
        {
            double sum = 0, squares = 0;
            foreach (double value in x.Slice(start, length))
                sum += value;
            double mean = sum / length;
            foreach (double value in x.Slice(start, length))
                squares += (value - mean) * (value - mean);
            double scale = 1 / Math.Sqrt(squares / length + epsilon);
            for (int i = start; i < start + length; i++)
                result[i] = (x[i] - mean) * scale * weight[i % weight.Length] + (bias.IsEmpty ? 0 : bias[i % bias.Length]);
        }
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

    /// <summary>The products of a matrix's rows with x, a bias added where there is one.</summary>
    public static void Product(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, ReadOnlySpan<double> x, Span<double> result)
    {
        for (int o = 0; o < result.Length; o++)
            result[o] = Dot(weight.Slice(o * x.Length, x.Length), x) + (bias.IsEmpty ? 0 : bias[o]);
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

    /// <summary>c · tanh(x / c), or x where c is 0.</summary>
    public static double SoftCap(double x, double cap) => cap == 0 ? x : cap * Math.Tanh(x / cap);
}
