namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Makes a value's rows and stores them, where nothing could take them as they are made.</summary>
internal sealed unsafe class StoreStage(RowSource source, ValueBuffer output, RowSet set) : Stage
{
    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => set == RowSet.All && source.TakesFeatures ? [[.. source.Reads, output]] : [];

    public override bool TakesRowsTogether => source is RopeSource;

    public override void Run(Lane lane, Step step)
    {
        FeatureMajor? features = output.IsByFeatures ? output.Features : null;
        (int first, int end) = lane.Share(features?.Panels ?? step.Count(set));
        for (int i = first; i < end; i++)
            if (features is null)
                source.Fill(i, output.Row(i));
            else
                source.Panel(i, features, output.Panel(i, features));
    }
}

/// <summary>The final hidden states of the rows that want them.</summary>
internal sealed unsafe class HiddenStage(RowSource source, float* output, int stride) : Stage
{
    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => source.FillsFrom;

    public override void Run(Lane lane, Step step)
    {
        (int first, int end) = lane.Share(step.HiddenRows);
        for (int i = first; i < end; i++)
            source.Fill(step.HiddenRow[i], output + (long)i * stride);
    }
}

/// <summary>The vectors of the sequences whose rows want them.</summary>
internal sealed unsafe class PooledStage(RowSource source, float* output, int stride) : Stage
{
    public override void Run(Lane lane, Step step)
    {
        (int first, int end) = lane.Share(step.PooledRows);
        for (int i = first; i < end; i++)
            source.Fill(i, output + (long)i * stride);
    }
}
