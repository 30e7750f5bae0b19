using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>The steps that papers are written in, on whole sequences in float64: a value is [token][element]. Shares nothing with Engine or Conformance.</summary>
internal sealed class Paper(TinyFamily model)
{
    private readonly Dictionary<string, float[]> _weights = model.Tensors.ToDictionary(t => t.Name, t => model.Values(t.Name));

    public int Heads => TinyFamily.Heads;

    public int KeyHeads => TinyFamily.KeyHeads;

    public int Head => model.Head;

    public int Layers => model.LayerCount;

    public bool Has(string name) => _weights.ContainsKey(name);

    /// <summary>The embedding rows of the tokens, times a factor.</summary>
    public double[][] Embed(int[] tokens, double factor = 1) =>
        [.. tokens.Select(t => Enumerable.Range(0, TinyFamily.Width).Select(i => factor * _weights["token_embd.weight"][t * TinyFamily.Width + i]).ToArray())];

    /// <summary>x · Wᵀ (+ b).</summary>
    public double[][] Linear(double[][] x, string name, bool bias = false) => Product(x, _weights[name + ".weight"], bias ? _weights[name + ".bias"] : null);

    /// <summary>x / rms(x) · w over each of equal parts of a row; each part by the whole weight, or by its own part of it.</summary>
    public double[][] RmsNorm(double[][] x, string name, int parts = 1) => Normalize(x, name, parts, center: false, bias: false);

    /// <summary>(x − mean) / deviation · w (+ b), likewise.</summary>
    public double[][] LayerNorm(double[][] x, string name, bool bias = false, int parts = 1) => Normalize(x, name, parts, center: true, bias);

    /// <summary>Rotates the first <paramref name="rotating"/> elements of each head: neighbours 2i, 2i + 1 or halves i, i + rotating/2.</summary>
    /// <param name="x">Heads side by side.</param>
    /// <param name="neighbours">Which of the two.</param>
    /// <param name="rotating">Elements that rotate; null: all of a head.</param>
    /// <param name="angle">Radians for each position of a pair; null: base^(−2i/d).</param>
    /// <param name="magnitude">A factor on cos and sin.</param>
    public double[][] Rotate(double[][] x, bool neighbours, int? rotating = null, Func<int, double>? angle = null, double magnitude = 1)
    {
        int d = rotating ?? Head;
        angle ??= i => Math.Pow(TinyFamily.RopeBase, -2.0 * i / d);
        double[][] result = [.. x.Select(row => (double[])row.Clone())];
        for (int t = 0; t < x.Length; t++)
            for (int start = 0; start < x[t].Length; start += Head)
                for (int i = 0; i < d / 2; i++)
                {
                    int a = start + (neighbours ? 2 * i : i), b = start + (neighbours ? 2 * i + 1 : i + d / 2);
                    (double sin, double cos) = Math.SinCos(t * angle(i));
                    result[t][a] = magnitude * (x[t][a] * cos - x[t][b] * sin);
                    result[t][b] = magnitude * (x[t][a] * sin + x[t][b] * cos);
                }
        return result;
    }

    /// <summary>Grouped-query attention of each token over itself and those before, or a window of so many tokens, itself included; with a sink in each head's softmax, which has no value.</summary>
    public double[][] Attend(double[][] q, double[][] k, double[][] v, double? scale = null, int window = int.MaxValue, double cap = 0, float[]? sinks = null)
    {
        double factor = scale ?? 1 / Math.Sqrt(Head);
        double[][] result = [.. q.Select(_ => new double[Heads * Head])];
        for (int t = 0; t < q.Length; t++)
            for (int h = 0; h < Heads; h++)
            {
                int from = h * Head, of = h * KeyHeads / Heads * Head, first = (int)Math.Max(0, t - (long)window + 1);
                double[] scores = [.. Enumerable.Range(first, t - first + 1).Select(j => Cap(factor * Enumerable.Range(0, Head).Sum(i => q[t][from + i] * k[j][of + i]), cap))];
                double sink = sinks?[h] ?? double.NegativeInfinity, most = Math.Max(sink, scores.Max());
                double[] e = [.. scores.Select(s => Math.Exp(s - most))];
                double sum = e.Sum() + Math.Exp(sink - most);
                for (int i = 0; i < Head; i++)
                    result[t][from + i] = e.Select((p, j) => p / sum * v[first + j][of + i]).Sum();
            }
        return result;
    }

    /// <summary>down(act(gate(x)) · up(x)).</summary>
    public double[][] Gated(double[][] x, string layer, Func<double, double> act, bool bias = false)
    {
        double[][] gate = Linear(x, layer + "ffn_gate", bias), up = Linear(x, layer + "ffn_up", bias);
        return Linear(Zip(gate, up, (g, u) => act(g) * u), layer + "ffn_down", bias);
    }

    /// <summary>Each token's logits before any scale: by a matrix of their own, or by the embedding.</summary>
    public double[][] Logits(double[][] x, bool tied, bool bias = false) =>
        Product(x, _weights[tied ? "token_embd.weight" : "output.weight"], bias ? _weights["output.bias"] : null);

    /// <summary>A tensor's values.</summary>
    public float[] Values(string name) => _weights[name];

    public static double[][] Add(double[][] a, double[][] b) => Zip(a, b, (x, y) => x + y);

    public static double[][] Times(double[][] a, double factor) => Map(a, x => x * factor);

    public static double[][] Map(double[][] a, Func<double, double> f) => [.. a.Select(row => row.Select(f).ToArray())];

    public static double[][] Columns(double[][] a, int first, int count) => [.. a.Select(row => row[first..(first + count)])];

    public static double[][] Zip(double[][] a, double[][] b, Func<double, double, double> f) => [.. a.Zip(b, (x, y) => x.Zip(y, f).ToArray())];

    public static double Cap(double x, double cap) => cap == 0 ? x : cap * Math.Tanh(x / cap);

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    public static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * Math.Pow(x, 3))));

    private static double[][] Product(double[][] x, float[] weight, float[]? bias)
    {
        int columns = x[0].Length;
        return [.. x.Select(row => Enumerable.Range(0, weight.Length / columns)
            .Select(o => Enumerable.Range(0, columns).Sum(i => weight[o * columns + i] * row[i]) + (bias?[o] ?? 0)).ToArray())];
    }

    private double[][] Normalize(double[][] x, string name, int parts, bool center, bool bias)
    {
        float[] weight = _weights[name + ".weight"];
        return [.. x.Select(row => row.Chunk(row.Length / parts).SelectMany((part, p) =>
        {
            double mean = center ? part.Average() : 0;
            double deviation = Math.Sqrt(part.Average(v => (v - mean) * (v - mean)) + TinyFamily.Epsilon);
            return part.Select((v, i) => (v - mean) / deviation * weight[weight.Length == row.Length ? p * part.Length + i : i] + (bias ? _weights[name + ".bias"][i] : 0));
        }).ToArray())];
    }
}
