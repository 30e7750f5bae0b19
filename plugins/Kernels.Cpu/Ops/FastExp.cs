using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>e^x of 8 or 16 floats, which agree bit for bit; relative error below 3e-7. Below −87 it is 0, above 88 infinite, and NaN stays NaN.</summary>
internal static class FastExp
{
    private const float Log2E = 1.44269504f;
    // ln 2 in two parts: the first has few bits, so that n · Ln2High is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> x)
    {
        // e^x = 2^n · e^r with |r| ≤ ln 2 / 2, and e^r by its Taylor polynomial of degree 7.
        Vector256<float> n = Vector256.Round(x * Log2E);
        Vector256<float> r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2High), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-Ln2Low), r);
        Vector256<float> p = Vector256.Create(1 / 5040f);
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 720f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 120f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 24f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1 / 6f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(0.5f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1f));
        Vector256<int> power = Vector256.ShiftLeft(Vector256.ConvertToInt32Native(n) + Vector256.Create(127), 23);
        Vector256<float> result = p * power.AsSingle();
        result = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(-87f)), Vector256<float>.Zero, result);
        result = Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(88f)), Vector256.Create(float.PositiveInfinity), result);
        return Vector256.ConditionalSelect(Vector256.Equals(x, x), result, x);
    }

    /// <summary>e^x, lane by lane. Needs AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        Vector512<float> n = Avx512F.RoundScale(x * Vector512.Create(Log2E), 0);
        Vector512<float> r = Avx512F.FusedMultiplyAdd(n, Vector512.Create(-Ln2High), x);
        r = Avx512F.FusedMultiplyAdd(n, Vector512.Create(-Ln2Low), r);
        Vector512<float> p = Vector512.Create(1 / 5040f);
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1 / 720f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1 / 120f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1 / 24f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1 / 6f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        p = Avx512F.FusedMultiplyAdd(p, r, Vector512.Create(1f));
        Vector512<float> result = Avx512F.Scale(p, n);
        result = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-87f)), Vector512<float>.Zero, result);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(88f)), Vector512.Create(float.PositiveInfinity), result);
    }

    /// <summary>e^x by the runtime's library, lane by lane: the reference path's.</summary>
    public static Vector256<float> ExactExp(Vector256<float> x)
    {
        Vector256<float> result = x;
        for (int i = 0; i < Vector256<float>.Count; i++)
            result = result.WithElement(i, MathF.Exp(x.GetElement(i)));
        return result;
    }
}
