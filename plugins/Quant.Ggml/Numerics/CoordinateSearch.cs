namespace Tessera.Quant.Ggml.Numerics;

/// <summary>
/// ggml's search for the scale of a group of Q3_K: starts with the integers that give the outermost value the lowest one, then moves one integer at
/// a time to what suits the others best, for up to five rounds. Errors weigh the squares of the values.
/// </summary>
/// <remarks>Float32 operations in the reference's order: any other changes bytes.</remarks>
internal static unsafe class CoordinateSearch
{
    private const int Rounds = 5;

    /// <summary>Writes the integers + <paramref name="zero"/>; values are about the returned scale · integer.</summary>
    public static float Find(float* values, int count, int zero, byte* quants)
    {
        float outermost = Extremes.Outermost(values, count);
        if (MathF.Abs(outermost) < SymmetricSearch.Smallest)
        {
            new Span<byte>(quants, count).Clear();
            return 0;
        }

        float inverse = -zero / outermost;
        int* integers = stackalloc int[count];
        float product = 0, square = 0;
        for (int i = 0; i < count; i++)
        {
            int integer = integers[i] = int.Clamp((int)MathF.Round(inverse * values[i]), -zero, zero - 1);
            float weight = values[i] * values[i];
            product += weight * values[i] * integer;
            square += weight * integer * integer;
        }
        for (int round = 0; round < Rounds; round++)
            if (!Improve(values, count, zero, integers, ref product, ref square))
                break;
        for (int i = 0; i < count; i++)
            quants[i] = (byte)(integers[i] + zero);
        return square > 0 ? product / square : 0;
    }

    private static bool Improve(float* values, int count, int zero, int* integers, ref float product, ref float square)
    {
        bool changed = false;
        for (int i = 0; i < count; i++)
        {
            float weight = values[i] * values[i];
            float otherProduct = product - weight * values[i] * integers[i];
            if (!(otherProduct > 0))
                continue;
            float otherSquare = square - weight * integers[i] * integers[i];
            int integer = int.Clamp((int)MathF.Round(values[i] * otherSquare / otherProduct), -zero, zero - 1);
            if (integer == integers[i])
                continue;
            otherProduct += weight * values[i] * integer;
            otherSquare += weight * integer * integer;
            if (!(otherSquare > 0 && otherProduct * otherProduct * square > product * product * otherSquare))
                continue;
            (integers[i], product, square) = (integer, otherProduct, otherSquare);
            changed = true;
        }
        return changed;
    }
}
