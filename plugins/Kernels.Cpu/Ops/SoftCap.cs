using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>x = c · tanh(x / c).</summary>
internal static unsafe class SoftCap
{
    /// <summary>Caps values in place; each as if it were alone.</summary>
    /// <param name="x">The values.</param>
    /// <param name="count">How many.</param>
    /// <param name="cap">c.</param>
    /// <param name="exact">Uses the library's function.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* x, int count, float cap, bool exact)
    {
        int i = 0;
        if (!exact)
        {
            // tanh z = 1 − 2 / (e^2z + 1).
            float twice = 2 / cap;
            for (; i <= count - 8; i += 8)
                Eight(Vector256.Load(x + i), cap, twice).Store(x + i);
            for (; i < count; i++)
                x[i] = Eight(Vector256.Create(x[i]), cap, twice).ToScalar();
        }
        for (; i < count; i++)
            x[i] = (float)(cap * Math.Tanh((double)x[i] / cap));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(Vector256<float> x, float cap, float twice) =>
        Vector256.Create(cap) - Vector256.Create(2 * cap) / (FastExp.Exp(x * twice) + Vector256<float>.One);
}
