namespace Tessera.Quant.Ggml.Numerics;

/// <summary>
/// ggml's search for the scale and minimum of a group: starts from the range, then tries a series of slightly different scales, fits scale and
/// minimum to the resulting integers by weighted least squares, and keeps what has the least weighted error. Larger values weigh more.
/// </summary>
/// <param name="Greatest">The largest integer.</param>
/// <param name="FirstStep">The first trial's number of integers is this many more than <paramref name="Greatest"/>; each next has 0.1 more.</param>
/// <param name="Steps">The number of trials after the first.</param>
/// <param name="Count">Values in a group.</param>
/// <param name="Absolute">Values weigh their magnitudes, and errors count as they are; else values weigh a typical magnitude more, and errors are squared.</param>
/// <remarks>Float32 operations in the reference's order: any other changes bytes.</remarks>
internal readonly unsafe record struct AffineSearch(int Greatest, float FirstStep, int Steps, int Count = KGroups.Values, bool Absolute = false)
{
    private const float StepWidth = 0.1f;

    /// <summary>Writes the integers; values are about scale · integer − minimum, with a minimum of at least 0.</summary>
    public float Find(float* values, byte* quants, out float minimum)
    {
        (float least, float greatest) = Extremes.Range(values, Count);
        least = least > 0 ? 0 : least;
        minimum = -least;
        if (greatest == least)
        {
            new Span<byte>(quants, Count).Clear();
            return 0;
        }

        float* weights = stackalloc float[Count];
        Weigh(values, weights, out float sumW, out float sumX);
        float inverse = Greatest / (greatest - least);
        float scale = 1 / inverse;
        Round(values, inverse, least, quants);
        float bestError = Error(values, weights, quants, scale, least);

        byte* trial = stackalloc byte[Count];
        for (int step = 0; step <= Steps; step++)
        {
            // A better offset becomes the least value of the trials that follow.
            Round(values, (FirstStep + StepWidth * step + Greatest) / (greatest - least), least, trial);
            float sumL = 0, sumL2 = 0, sumXL = 0;
            for (int i = 0; i < Count; i++)
            {
                float weighted = weights[i] * trial[i];
                sumL += weighted;
                sumL2 += weighted * trial[i];
                sumXL += weighted * values[i];
            }
            float determinant = sumW * sumL2 - sumL * sumL;
            if (!(determinant > 0))
                continue;
            float trialScale = (sumW * sumXL - sumX * sumL) / determinant;
            float trialOffset = (sumL2 * sumX - sumL * sumXL) / determinant;
            if (trialOffset > 0)
            {
                trialOffset = 0;
                trialScale = sumXL / sumL2;
            }
            float error = Error(values, weights, trial, trialScale, trialOffset);
            if (!(error < bestError))
                continue;
            new Span<byte>(trial, Count).CopyTo(new Span<byte>(quants, Count));
            (bestError, scale, least) = (error, trialScale, trialOffset);
        }
        minimum = -least;
        return scale;
    }

    private void Weigh(float* values, float* weights, out float sumW, out float sumX)
    {
        float squares = 0;
        for (int i = 0; i < Count; i++)
            squares += values[i] * values[i];
        float typical = Absolute ? 0 : MathF.Sqrt(squares / Count);
        sumW = sumX = 0;
        for (int i = 0; i < Count; i++)
        {
            weights[i] = typical + MathF.Abs(values[i]);
            sumW += weights[i];
            sumX += weights[i] * values[i];
        }
    }

    private void Round(float* values, float inverse, float least, byte* quants)
    {
        for (int i = 0; i < Count; i++)
            quants[i] = (byte)int.Clamp((int)MathF.Round(inverse * (values[i] - least)), 0, Greatest);
    }

    private float Error(float* values, float* weights, byte* quants, float scale, float offset)
    {
        float error = 0;
        for (int i = 0; i < Count; i++)
        {
            float difference = scale * quants[i] + offset - values[i];
            error += weights[i] * (Absolute ? MathF.Abs(difference) : difference * difference);
        }
        return error;
    }
}
