using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Trainer.Numerics;

/// <summary>Arithmetic over rows of floats; lengths are multiples of 8, but for the dot product's and the softmax's.</summary>
internal static unsafe class Rows
{
    private const int Step = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int n)
    {
        Vector256<float> sum = default;
        int whole = n / Step * Step;
        for (int i = 0; i < whole; i += Step)
            sum = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), sum);
        float total = Vector256.Sum(sum);
        for (int i = whole; i < n; i++)
            total += a[i] * b[i];
        return total;
    }

    /// <summary>y += s·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(float s, float* x, float* y, long n)
    {
        Vector256<float> scale = Vector256.Create(s);
        for (long i = 0; i < n; i += Step)
            Vector256.FusedMultiplyAdd(scale, Vector256.Load(x + i), Vector256.Load(y + i)).Store(y + i);
    }

    /// <summary>x = s·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float s, float* x, long n)
    {
        Vector256<float> scale = Vector256.Create(s);
        for (long i = 0; i < n; i += Step)
            (scale * Vector256.Load(x + i)).Store(x + i);
    }

    /// <summary>y = a·x + b·y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Blend(float a, float* x, float b, float* y, long n)
    {
        Vector256<float> s = Vector256.Create(a), t = Vector256.Create(b);
        for (long i = 0; i < n; i += Step)
            Vector256.FusedMultiplyAdd(s, Vector256.Load(x + i), t * Vector256.Load(y + i)).Store(y + i);
    }

    /// <summary>The exponentials divided by their sum, in place; answers the logarithm of that sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SoftMax(float* x, int n, float scale)
    {
        float max = float.NegativeInfinity;
        int whole = n / Step * Step;
        Vector256<float> top = Vector256.Create(max);
        for (int i = 0; i < whole; i += Step)
            top = Vector256.Max(top, Vector256.Load(x + i));
        for (int i = 0; i < Step; i++)
            max = MathF.Max(max, top[i]);
        for (int i = whole; i < n; i++)
            max = MathF.Max(max, x[i]);
        Vector256<float> sums = default, m = Vector256.Create(max), s = Vector256.Create(scale);
        float sum = 0;
        for (int i = 0; i < whole; i += Step)
        {
            Vector256<float> e = Vector256.Exp((Vector256.Load(x + i) - m) * s);
            sums += e;
            e.Store(x + i);
        }
        for (int i = whole; i < n; i++)
            sum += x[i] = MathF.Exp((x[i] - max) * scale);
        sum += Vector256.Sum(sums);
        Vector256<float> inverse = Vector256.Create(1 / sum);
        for (int i = 0; i < whole; i += Step)
            (Vector256.Load(x + i) * inverse).Store(x + i);
        for (int i = whole; i < n; i++)
            x[i] /= sum;
        return max * scale + MathF.Log(sum);
    }

    /// <summary>act = silu(gate)·up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGlu(float* gate, float* up, float* act, long n)
    {
        for (long i = 0; i < n; i += Step)
        {
            Vector256<float> g = Vector256.Load(gate + i);
            (g / (Vector256<float>.One + Vector256.Exp(-g)) * Vector256.Load(up + i)).Store(act + i);
        }
    }

    /// <summary>From the gradient of act to those of gate and up; the gradient of act is overwritten by the gate's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SwiGluBack(float* gate, float* up, float* dAct, float* dUp, long n)
    {
        for (long i = 0; i < n; i += Step)
        {
            Vector256<float> g = Vector256.Load(gate + i), d = Vector256.Load(dAct + i);
            Vector256<float> sigmoid = Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-g));
            Vector256<float> silu = g * sigmoid;
            (d * silu).Store(dUp + i);
            (d * Vector256.Load(up + i) * (sigmoid + silu * (Vector256<float>.One - sigmoid))).Store(dAct + i);
        }
    }

    /// <summary>y = x / rms(x) · g; answers 1 / rms(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Norm(float* x, float* g, float* y, int n, float epsilon)
    {
        float inverse = 1 / MathF.Sqrt(Dot(x, x, n) / n + epsilon);
        Vector256<float> v = Vector256.Create(inverse);
        for (int i = 0; i < n; i += Step)
            (Vector256.Load(x + i) * v * Vector256.Load(g + i)).Store(y + i);
        return inverse;
    }

    /// <summary>Adds the gradients of <see cref="Norm"/>'s x and g.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormBack(float* x, float* g, float inverse, float* dy, float* dx, float* dg, int n)
    {
        Vector256<float> sum = default, v = Vector256.Create(inverse);
        for (int i = 0; i < n; i += Step)
        {
            Vector256<float> xi = Vector256.Load(x + i), di = Vector256.Load(dy + i);
            sum = Vector256.FusedMultiplyAdd(xi, di * Vector256.Load(g + i), sum);
            Vector256.FusedMultiplyAdd(xi * v, di, Vector256.Load(dg + i)).Store(dg + i);
        }
        Vector256<float> along = Vector256.Create(inverse * inverse * inverse * Vector256.Sum(sum) / n);
        for (int i = 0; i < n; i += Step)
            (Vector256.Load(dx + i) + Vector256.Load(dy + i) * Vector256.Load(g + i) * v - Vector256.Load(x + i) * along).Store(dx + i);
    }

    /// <summary>p·(d − Σ p·d)·scale over d: the gradient through a softmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftMaxBack(float* p, float* d, int n, float scale)
    {
        float along = Dot(p, d, n);
        int whole = n / Step * Step;
        Vector256<float> sum = Vector256.Create(along), s = Vector256.Create(scale);
        for (int i = 0; i < whole; i += Step)
            (Vector256.Load(p + i) * (Vector256.Load(d + i) - sum) * s).Store(d + i);
        for (int i = whole; i < n; i++)
            d[i] = p[i] * (d[i] - along) * scale;
    }
}
