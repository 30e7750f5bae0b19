using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>y = activation(gate) · up, or activation(gate) where there is no up.</summary>
internal static unsafe class Gates
{
    /// <summary>Gates one row.</summary>
    /// <param name="activation">The nonlinearity.</param>
    /// <param name="exact">Computes in double with the library's functions: the reference path.</param>
    /// <param name="gate">What the activation is applied to.</param>
    /// <param name="up">What it gates, or null.</param>
    /// <param name="y">The result; may be one of the others.</param>
    /// <param name="width">Floats of a row.</param>
    /// <param name="limit">The clamped activation's limit.</param>
    public static void Row(Activation activation, bool exact, float* gate, float* up, float* y, int width, float limit)
    {
        switch (activation)
        {
            case Activation.Silu:
                Row<SiluGate>(exact, gate, up, y, width, limit);
                break;
            case Activation.Gelu:
                Row<GeluGate>(exact, gate, up, y, width, limit);
                break;
            case Activation.GeluTanh:
                Row<GeluTanhGate>(exact, gate, up, y, width, limit);
                break;
            case Activation.ClampedSwiGlu:
                Row<ClampedGate>(exact, gate, up, y, width, limit);
                break;
            case Activation.Tanh:
                Row<TanhGate>(exact, gate, up, y, width, limit);
                break;
            case Activation.Relu:
                Row<ReluGate>(exact, gate, up, y, width, limit);
                break;
            default:
                throw new UnsupportedModelException($"cpu: activation {activation} has no kernel");
        }
    }

    private static void Row<T>(bool exact, float* gate, float* up, float* y, int width, float limit)
        where T : struct, IGate
    {
        int done = exact ? 0 : FastRow<T>(gate, up, y, width, limit);
        ExactRow<T>(gate, up, y, done, width, limit);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FastRow<T>(float* gate, float* up, float* y, int width, float limit)
        where T : struct, IGate
    {
        Vector256<float> most = Vector256.Create(limit);
        int i = 0;
        for (; i <= width - 8; i += 8)
            T.Fast(Vector256.Load(gate + i), up == null ? Vector256<float>.One : Vector256.Load(up + i), most).Store(y + i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExactRow<T>(float* gate, float* up, float* y, int first, int width, float limit)
        where T : struct, IGate
    {
        for (int i = first; i < width; i++)
            y[i] = (float)T.Exact(gate[i], up == null ? 1 : up[i], limit);
    }
}

/// <summary>A gate in two precisions.</summary>
internal interface IGate
{
    /// <summary>8 floats.</summary>
    static abstract Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit);

    /// <summary>One value.</summary>
    static abstract double Exact(double gate, double up, double limit);
}

internal readonly struct SiluGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit) =>
        gate / (Vector256<float>.One + FastExp.Exp(-gate)) * up;

    public static double Exact(double gate, double up, double limit) => gate / (1 + Math.Exp(-gate)) * up;
}

internal readonly struct GeluGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit)
    {
        // erfc of |x| / √2 (Abramowitz and Stegun, 7.1.26); half of it is the tail's weight.
        Vector256<float> x = Vector256.Abs(gate) * 0.707106781f;
        Vector256<float> t = Vector256<float>.One / Vector256.FusedMultiplyAdd(x, Vector256.Create(0.3275911f), Vector256<float>.One);
        Vector256<float> p = Vector256.Create(1.061405429f);
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(-1.453152027f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(1.421413741f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(-0.284496736f));
        p = Vector256.FusedMultiplyAdd(p, t, Vector256.Create(0.254829592f));
        Vector256<float> tail = p * t * FastExp.Exp(-x * x) * 0.5f;
        return gate * Vector256.ConditionalSelect(Vector256.LessThan(gate, Vector256<float>.Zero), tail, Vector256<float>.One - tail) * up;
    }

    public static double Exact(double gate, double up, double limit) => gate * ErrorFunction.Complement(-gate * Math.Sqrt(0.5)) / 2 * up;
}

internal readonly struct GeluTanhGate : IGate
{
    // x/2 · (1 + tanh z) = x · sigmoid(2z).
    private const float Linear = 1.5957691216f;
    private const float Cubic = 0.0713548163f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit)
    {
        Vector256<float> z = gate * Vector256.FusedMultiplyAdd(gate * gate, Vector256.Create(Cubic), Vector256.Create(Linear));
        return gate / (Vector256<float>.One + FastExp.Exp(-z)) * up;
    }

    public static double Exact(double gate, double up, double limit) =>
        gate / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * gate * (1 + 0.044715 * gate * gate))) * up;
}

internal readonly struct TanhGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit) =>
        (Vector256<float>.One - Vector256.Create(2f) / (Vector256<float>.One + FastExp.Exp(gate + gate))) * up;

    public static double Exact(double gate, double up, double limit) => Math.Tanh(gate) * up;
}

internal readonly struct ReluGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit) =>
        Vector256.Max(gate, Vector256<float>.Zero) * up;

    public static double Exact(double gate, double up, double limit) => Math.Max(gate, 0) * up;
}

internal readonly struct ClampedGate : IGate
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fast(Vector256<float> gate, Vector256<float> up, Vector256<float> limit)
    {
        Vector256<float> g = Vector256.Min(gate, limit);
        Vector256<float> u = Vector256.Max(Vector256.Min(up, limit), -limit);
        return g / (Vector256<float>.One + FastExp.Exp(g * -1.702f)) * (u + Vector256<float>.One);
    }

    public static double Exact(double gate, double up, double limit)
    {
        double g = Math.Min(gate, limit);
        return g / (1 + Math.Exp(-1.702 * g)) * (Math.Max(Math.Min(up, limit), -limit) + 1);
    }
}
