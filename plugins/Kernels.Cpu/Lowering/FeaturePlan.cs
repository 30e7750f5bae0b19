using Tessera.Kernels.Cpu.Plan;

namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Decides which values stand by features while a step has many rows: those that every stage that touches them takes so.</summary>
internal static class FeaturePlan
{
    /// <summary>Rows that a value needs room for: whole panels.</summary>
    public static int Rows(int rows, FeatureMajor? features) => features is null ? rows : (rows + features.Width - 1) / features.Width * features.Width;

    /// <summary>Marks the values; null where there are none, or never rows enough.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="touched">The values that each reads or writes.</param>
    /// <param name="values">All whole values.</param>
    /// <param name="tileWidth">Activation rows of a panel; 0: there are no tiles.</param>
    /// <param name="request">What is built.</param>
    /// <param name="sizes">Grown to what lanes need.</param>
    /// <param name="explanation">Takes a line for people.</param>
    public static FeatureMajor? Choose(IReadOnlyList<Stage> stages, IReadOnlyList<IReadOnlyList<ValueBuffer>> touched, IReadOnlyList<ValueBuffer> values, int tileWidth, BackendRequest request, LaneSizes sizes, List<string> explanation)
    {
        if (tileWidth == 0)
            return null;
        HashSet<ValueBuffer> chosen = Able(stages, touched, values);
        IEnumerable<Stage> takers = stages.Where(s => s.ByFeatures.Any(g => chosen.Contains(g[0].Whole)));
        // With fewer, lanes would wait for the one that makes a panel of the input.
        int least = Math.Max(request.Team.LaneCount * tileWidth, takers.Select(s => s.LeastRowsByFeatures).DefaultIfEmpty().Max());
        if (chosen.Count == 0)
            return null;
        if (least > request.Limits.MaxRows)
        {
            explanation.Add($"values stand by rows: by features they would from {least} rows on, steps have at most {request.Limits.MaxRows}");
            return null;
        }
        FeatureMajor features = new(tileWidth, least);
        foreach (ValueBuffer value in chosen)
            value.Features = features;
        sizes.Row = Math.Max(sizes.Row, chosen.Max(v => v.Width));
        sizes.Panel = (long)stages.Max(s => s.RoomByFeatures) * tileWidth;
        explanation.Add($"from {least} rows on, {chosen.Count} of {values.Count} values stand by features, in panels of {tileWidth} rows{(stages.OfType<AttentionStage>().Any(s => s.ByFeatures.All(StandsSo)) ? ", queries, keys and what attention gives among them" : "")}");
        return features;
    }

    /// <summary>How values that attention reads and gives stand, and what other stages want as they have those: only in steps in which sequences have rows to take together. Null: there are none.</summary>
    public static FeatureMajor? ForAttention(IReadOnlyList<Stage> stages, FeatureMajor features)
    {
        HashSet<ValueBuffer> own = [];
        int before;
        do
        {
            before = own.Count;
            foreach (Stage stage in stages)
                foreach (IReadOnlyList<ValueBuffer> group in stage.ByFeatures)
                    if (StandsSo(group) && (stage.TakesRowsTogether || group.Any(v => own.Contains(v.Whole))))
                        own.UnionWith(group.Select(v => v.Whole));
        }
        while (own.Count > before);
        if (own.Count == 0)
            return null;
        FeatureMajor attention = new(features.Width, features.LeastRows);
        foreach (ValueBuffer value in own)
            value.Features = attention;
        return attention;
    }

    // All of a group do, or none.
    private static bool StandsSo(IReadOnlyList<ValueBuffer> group) => group[0].Whole.Features is not null;

    // Starts with all, and takes away what some stage takes by rows, and what goes with that, until nothing changes.
    private static HashSet<ValueBuffer> Able(IReadOnlyList<Stage> stages, IReadOnlyList<IReadOnlyList<ValueBuffer>> touched, IReadOnlyList<ValueBuffer> values)
    {
        HashSet<ValueBuffer> able = [.. values];
        int before;
        do
        {
            before = able.Count;
            for (int i = 0; i < stages.Count; i++)
            {
                ILookup<bool, IReadOnlyList<ValueBuffer>> groups = stages[i].ByFeatures.ToLookup(g => g.All(v => able.Contains(v.Whole)));
                able.ExceptWith(touched[i].Except(groups[true].SelectMany(g => g)).Concat(groups[false].SelectMany(g => g)).Select(v => v.Whole));
            }
        }
        while (able.Count < before);
        return able;
    }
}
