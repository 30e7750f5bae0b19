namespace Tessera.Kernels.Cpu.Ops;

/// <summary>Chooses a row's experts and weighs them, in double precision. Of equal scores the lower expert is chosen.</summary>
internal static unsafe class ExpertRouter
{
    /// <summary>Bytes of scratch memory.</summary>
    public static long ScratchBytes(int experts, int groups) => (2L * experts + groups) * sizeof(double) + experts + groups;

    /// <summary>Routes one row.</summary>
    /// <param name="logits">The router's.</param>
    /// <param name="bias">Added where experts and groups are chosen, or null.</param>
    /// <param name="experts">The number of experts.</param>
    /// <param name="routing">How.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>.</param>
    /// <param name="chosen">The chosen experts, best first.</param>
    /// <param name="weights">Their weights.</param>
    public static void Route(float* logits, float* bias, int experts, ExpertRouting routing, byte* scratch, int* chosen, float* weights)
    {
        double* scores = (double*)scratch, judged = scores + experts, groups = judged + experts;
        byte* closed = (byte*)(groups + routing.Groups), taken = closed + routing.Groups;
        Score(logits, experts, routing.Scoring, scores);
        for (int e = 0; e < experts; e++)
            judged[e] = scores[e] + (bias == null ? 0 : bias[e]);
        new Span<byte>(closed, routing.Groups + experts).Clear();
        if (routing.GroupsUsed < routing.Groups)
            CloseGroups(judged, experts / routing.Groups, routing, groups, closed, taken);
        for (int i = 0; i < routing.Used; i++)
            chosen[i] = Take(judged, taken, experts);
        // The chosen are known: their scores take the place of what they were judged by.
        Weigh(scores, judged, routing, chosen, weights);
    }

    private static void Score(float* logits, int experts, ExpertScoring scoring, double* scores)
    {
        for (int e = 0; e < experts; e++)
            scores[e] = scoring == ExpertScoring.Sigmoid ? 1 / (1 + Math.Exp(-(double)logits[e])) : logits[e];
        if (scoring == ExpertScoring.Softmax)
            Softmax(scores, experts);
    }

    // Marks the experts of all groups but the best as taken.
    private static void CloseGroups(double* judged, int size, ExpertRouting routing, double* groups, byte* chosen, byte* taken)
    {
        for (int g = 0; g < routing.Groups; g++)
        {
            double first = double.NegativeInfinity, second = double.NegativeInfinity;
            for (int e = g * size; e < (g + 1) * size; e++)
                if (judged[e] > first)
                    (first, second) = (judged[e], first);
                else if (judged[e] > second)
                    second = judged[e];
            groups[g] = routing.GroupScoring == GroupScoring.Best || size == 1 ? first : first + second;
        }
        for (int i = 0; i < routing.GroupsUsed; i++)
            Take(groups, chosen, routing.Groups);
        for (int g = 0; g < routing.Groups; g++)
            if (chosen[g] == 0)
                new Span<byte>(taken + g * size, size).Fill(1);
    }

    // The best that is not taken; the first of them where all are NaN.
    private static int Take(double* scores, byte* taken, int count)
    {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (taken[i] == 0 && (best < 0 || scores[i] > scores[best]))
                best = i;
        taken[best] = 1;
        return best;
    }

    private static void Weigh(double* scores, double* values, ExpertRouting routing, int* chosen, float* weights)
    {
        double sum = 0;
        for (int i = 0; i < routing.Used; i++)
            values[i] = scores[chosen[i]];
        if (routing.Scoring == ExpertScoring.SoftmaxOfChosen)
            Softmax(values, routing.Used);
        for (int i = 0; i < routing.Used; i++)
            sum += values[i];
        double factor = routing.Normalize ? routing.Scale / sum : routing.Scale;
        for (int i = 0; i < routing.Used; i++)
            weights[i] = (float)(values[i] * factor);
    }

    private static void Softmax(double* x, int count)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int i = 0; i < count; i++)
            largest = Math.Max(largest, x[i]);
        for (int i = 0; i < count; i++)
            sum += x[i] = Math.Exp(x[i] - largest);
        for (int i = 0; i < count; i++)
            x[i] /= sum;
    }
}
