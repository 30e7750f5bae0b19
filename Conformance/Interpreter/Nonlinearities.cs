namespace Tessera.Conformance.Interpreter;

/// <summary>The nonlinearities of feed-forwards, in double precision.</summary>
internal static class Nonlinearities
{
    /// <summary>activation(x), for those that gate nothing.</summary>
    public static double Apply(Activation activation, double x) => activation switch
    {
        Activation.Silu => x * Sigmoid(x),
        Activation.Gelu => x * (1 + Erf(x / Math.Sqrt(2))) / 2,
        Activation.GeluTanh => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        Activation.Tanh => Math.Tanh(x),
        Activation.Relu => Math.Max(x, 0),
        _ => throw new UnsupportedModelException($"activation {activation} is not known"),
    };

    /// <summary>activation(gate) · up; the clamped one changes both.</summary>
    public static double Gate(Activation activation, double gate, double up, double limit)
    {
        if (activation != Activation.ClampedSwiGlu)
            return Apply(activation, gate) * up;
        double g = Math.Min(gate, limit);
        return g * Sigmoid(1.702 * g) * (Math.Clamp(up, -limit, limit) + 1);
    }

    /// <summary>1 / (1 + e^−x).</summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The error function: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms all have x's sign.</summary>
    public static double Erf(double x)
    {
        if (!(Math.Abs(x) < 6))
            return double.IsNaN(x) ? x : Math.Sign(x);
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
