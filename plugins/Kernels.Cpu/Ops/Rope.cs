using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>
/// Rotates the pairs of a head (arXiv 2104.09864). A row's turn is 2 · pairs cosines, then as many sines, laid out as the head's elements are:
/// y = x · cos + partner(x) · sin, where the sine is negative for the first element of a pair.
/// </summary>
internal static unsafe class Rope
{
    /// <summary>Floats of a turn.</summary>
    public static int TurnLength(int pairs) => 4 * pairs;

    /// <summary>Fills the turn of a position. The angle and its functions are double: positions of a million keep their full precision.</summary>
    public static void Turn(double* frequencies, int pairs, RopePairing pairing, float magnitude, int position, float* turn)
    {
        float* sines = turn + 2 * pairs;
        for (int i = 0; i < pairs; i++)
        {
            (double sin, double cos) = Math.SinCos(position * frequencies[i]);
            int first = pairing == RopePairing.Interleaved ? 2 * i : i;
            int second = pairing == RopePairing.Interleaved ? 2 * i + 1 : i + pairs;
            turn[first] = turn[second] = (float)(cos * magnitude);
            sines[second] = (float)(sin * magnitude);
            sines[first] = -sines[second];
        }
    }

    /// <summary>Rotates one head and multiplies it with a factor; what lies before and behind the pairs is only multiplied.</summary>
    /// <param name="x">The head.</param>
    /// <param name="y">The result; not <paramref name="x"/>.</param>
    /// <param name="length">Elements of the head.</param>
    /// <param name="offset">The first element that rotates.</param>
    /// <param name="pairs">Pairs that rotate.</param>
    /// <param name="pairing">Which elements are a pair.</param>
    /// <param name="turn">From <see cref="Turn"/>.</param>
    /// <param name="factor">The factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Head(float* x, float* y, int length, int offset, int pairs, RopePairing pairing, float* turn, float factor)
    {
        float* sines = turn + 2 * pairs;
        if (pairing == RopePairing.Interleaved)
            Interleaved(x + offset, y + offset, pairs, turn, sines, factor);
        else
            Halved(x + offset, y + offset, pairs, turn, sines, factor);
        int behind = offset + 2 * pairs;
        Sum.Scale(x, factor, y, offset);
        Sum.Scale(x + behind, factor, y + behind, length - behind);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleaved(float* x, float* y, int pairs, float* cosines, float* sines, float factor)
    {
        int i = 0;
        for (; i <= 2 * pairs - 8; i += 8)
        {
            Vector256<float> v = Vector256.Load(x + i);
            Vector256<float> partner = Vector256.Shuffle(v, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6));
            ((v * Vector256.Load(cosines + i) + partner * Vector256.Load(sines + i)) * factor).Store(y + i);
        }
        for (; i < 2 * pairs; i++)
            y[i] = (x[i] * cosines[i] + x[i ^ 1] * sines[i]) * factor;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halved(float* x, float* y, int pairs, float* cosines, float* sines, float factor)
    {
        int i = 0;
        for (; i <= pairs - 8; i += 8)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + i + pairs);
            ((a * Vector256.Load(cosines + i) + b * Vector256.Load(sines + i)) * factor).Store(y + i);
            ((b * Vector256.Load(cosines + i + pairs) + a * Vector256.Load(sines + i + pairs)) * factor).Store(y + i + pairs);
        }
        for (; i < pairs; i++)
        {
            float a = x[i], b = x[i + pairs];
            y[i] = (a * cosines[i] + b * sines[i]) * factor;
            y[i + pairs] = (b * cosines[i + pairs] + a * sines[i + pairs]) * factor;
        }
    }

    /// <summary>Rotates a head of rows that stand by features and multiplies it with a factor; each row's bits are those of <see cref="Head"/>.</summary>
    /// <param name="x">The head: element after element, each with <paramref name="width"/> rows.</param>
    /// <param name="width">Floats from an element to the next.</param>
    /// <param name="y">The result, <paramref name="rows"/> floats from an element to the next.</param>
    /// <param name="rows">The rows that are wanted, a multiple of 8.</param>
    /// <param name="length">Elements of the head.</param>
    /// <param name="offset">The first element that rotates.</param>
    /// <param name="pairs">Pairs that rotate.</param>
    /// <param name="pairing">Which elements are a pair.</param>
    /// <param name="cosines">Those of the first pair, <paramref name="width"/> floats from a pair to the next.</param>
    /// <param name="sines">Those of the pairs' second elements, likewise.</param>
    /// <param name="factor">The factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Features(float* x, int width, float* y, int rows, int length, int offset, int pairs, RopePairing pairing, float* cosines, float* sines, float factor)
    {
        for (int row = 0; row < rows; row += 8)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                int first = offset + (pairing == RopePairing.Interleaved ? 2 * pair : pair), second = first + (pairing == RopePairing.Interleaved ? 1 : pairs);
                Vector256<float> a = Vector256.Load(x + (long)first * width + row), b = Vector256.Load(x + (long)second * width + row);
                Vector256<float> cos = Vector256.Load(cosines + (long)pair * width + row), sin = Vector256.Load(sines + (long)pair * width + row);
                ((a * cos - b * sin) * factor).Store(y + (long)first * rows + row);
                ((b * cos + a * sin) * factor).Store(y + (long)second * rows + row);
            }
            for (int i = 0; i < length; i++)
                if (i < offset || i >= offset + 2 * pairs)
                    (Vector256.Load(x + (long)i * width + row) * factor).Store(y + (long)i * rows + row);
        }
    }
}
