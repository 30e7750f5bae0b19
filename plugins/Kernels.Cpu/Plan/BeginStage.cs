using Tessera.Kernels.Cpu.Cache;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>What a step does first: block copies and the rotations of its rows.</summary>
internal sealed unsafe class BeginStage(IReadOnlyList<CacheBlocks> groups, IReadOnlyList<Turns> turns) : Stage
{
    private readonly CacheBlocks[] _groups = [.. groups];
    private readonly IReadOnlyList<Turns> _turns = turns;

    public override void Run(Lane lane, Step step)
    {
        Batch batch = step.Batch;
        // Each lane copies its slice of every block, so that copies of copies keep their order.
        for (int i = 0; i < batch.CopyCount; i++)
        {
            BlockCopy copy = batch.Copies[i];
            _groups[copy.Group].Copy(copy.Source, copy.Destination, lane.Index, lane.Count);
        }
        FeatureMajor? features = step.RunsArePanels ? step.Features : null;
        (int first, int end) = features is null ? lane.Share(step.Rows) : Rows(lane.Share(features.Panels), features);
        for (int t = 0; t < _turns.Count; t++)
        {
            for (int row = first; row < end; row++)
                _turns[t].Fill(row, batch);
            for (int row = first; features is not null && row < end; row += features.Width)
                _turns[t].FillPanel(row / features.Width, features);
        }
    }

    private static (int First, int End) Rows((int First, int End) panels, FeatureMajor features) => (panels.First * features.Width, Math.Min(panels.End * features.Width, features.Rows));
}
