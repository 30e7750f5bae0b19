namespace Tessera.Conformance.Interpreter;

/// <summary>Which experts a row takes, and with which weights, by the definitions of <see cref="ExpertRouting"/>.</summary>
internal static class ExpertChoice
{
    /// <summary>The chosen experts, best first, each with its weight.</summary>
    /// <param name="logits">The router's.</param>
    /// <param name="selectionBias">One for each expert, or empty.</param>
    /// <param name="routing">How.</param>
    public static (int Expert, double Weight)[] Choose(ReadOnlySpan<double> logits, ReadOnlySpan<float> selectionBias, ExpertRouting routing)
    {
        double[] scores = logits.ToArray();
        if (routing.Scoring == ExpertScoring.Softmax)
            Formulas.Softmax(scores);
        else if (routing.Scoring == ExpertScoring.Sigmoid)
            for (int e = 0; e < scores.Length; e++)
                scores[e] = Nonlinearities.Sigmoid(scores[e]);
        double[] judged = new double[scores.Length];
        for (int e = 0; e < scores.Length; e++)
            judged[e] = scores[e] + (selectionBias.IsEmpty ? 0 : selectionBias[e]);

        int size = scores.Length / routing.Groups;
        double[] groups = [.. Enumerable.Range(0, routing.Groups).Select(g => judged.Skip(g * size).Take(size).OrderDescending().Take(routing.GroupScoring == GroupScoring.Best ? 1 : 2).Sum())];
        HashSet<int> open = [.. Best(groups, Enumerable.Range(0, groups.Length), routing.GroupsUsed)];
        int[] chosen = Best(judged, Enumerable.Range(0, scores.Length).Where(e => open.Contains(e / size)), routing.Used);

        double[] weights = [.. chosen.Select(e => scores[e])];
        if (routing.Scoring == ExpertScoring.SoftmaxOfChosen)
            Formulas.Softmax(weights);
        double sum = routing.Normalize ? weights.Sum() : 1;
        return [.. chosen.Select((e, i) => (e, weights[i] / sum * routing.Scale))];
    }

    // A stable sort: of equals the lower number comes first.
    private static int[] Best(double[] scores, IEnumerable<int> among, int count) => [.. among.OrderByDescending(i => scores[i]).Take(count)];
}
