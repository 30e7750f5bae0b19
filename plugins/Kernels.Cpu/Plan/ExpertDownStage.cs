using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>
/// The second half of a mixture of experts: the down products, weighted and summed. A task is a range of the output's columns for all rows, so that each sum is one
/// lane's, in the order of the experts, whatever else the batch holds.
/// </summary>
internal sealed unsafe class ExpertDownStage : Stage
{
    private readonly int _stage, _few, _many;
    private readonly ExpertPlan _plan;
    private readonly ExpertMatrix _down;
    private readonly float* _bias;
    private readonly float _factor;
    private readonly ValueBuffer? _residual;
    private readonly ValueBuffer _output;

    /// <summary>Plans the stage; factor and residual are applied to the whole sum.</summary>
    public ExpertDownStage(int stage, ExpertPlan plan, ExpertBiases biases, float factor, ValueBuffer? residual, ValueBuffer output, int lanes, LaneSizes sizes)
    {
        _stage = stage;
        _plan = plan;
        _bias = biases.Down;
        (_factor, _residual, _output) = (factor, residual, output);
        _few = Product.BlockSize(plan.Down, output.Width, lanes, RowPath.Few, sizes);
        _many = Product.BlockSize(plan.Down, output.Width, lanes, plan.Down.Tile is null ? RowPath.Many : RowPath.Tiles, sizes);
        _down = new ExpertMatrix(plan.Down, 0, 0, plan.TileWidth);
        sizes.Block = Math.Max(sizes.Block, _down.BlockBytes(Math.Max(_few, _many)));
    }

    public override ItemCounters Counters => ItemCounters.Shared;

    public override void Run(Lane lane, Step step)
    {
        if (step.Rows == 0)
            return;
        ExpertPlan plan = _plan;
        if (!plan.Direct)
        {
            (int first, int end) = lane.Share(step.Rows * plan.Used);
            for (int route = first; route < end; route++)
                plan.Down.Preparation.Prepare((float*)(plan.Gated + route * plan.InnerStride), plan.Inner, plan.Prepared + route * plan.DownStride);
            lane.Team.Barrier();
        }
        Pack(lane);
        int size = step.Rows <= LinearKernel.LeastFewRows ? _few : _many;
        int blocks = (_output.Width + size - 1) / size;
        for (int block = step.Next(_stage); block < blocks; block = step.Next(_stage))
            Columns(lane, step, block * size, Math.Min(size, _output.Width - block * size));
    }

    private void Pack(Lane lane)
    {
        ExpertPlan plan = _plan;
        int* starts = plan.Starts(lane), panels = plan.PanelStarts(lane);
        bool any = false;
        for (int e = 0; e < plan.Count; e++)
        {
            if (!_down.ByTiles(starts[e + 1] - starts[e]))
                continue;
            any = true;
            for (int panel = panels[e]; panel < panels[e + 1]; panel++)
            {
                if (panel % lane.Count != lane.Index)
                    continue;
                int route = starts[e] + (panel - panels[e]) * plan.TileWidth, rows = Math.Min(plan.TileWidth, starts[e + 1] - route);
                plan.Down.Preparation.Pack(plan.DownRows + route * plan.DownStride, plan.DownStride, rows, plan.Inner, plan.Panels + panel * plan.DownPanel, TileKernel.WidthOf(rows, plan.TileWidth), 0, 1);
            }
        }
        if (any)
            lane.Team.Barrier();
    }

    private void Columns(Lane lane, Step step, int first, int count)
    {
        ExpertPlan plan = _plan;
        for (int row = 0; row < step.Rows; row++)
            new Span<float>(_output.Row(row) + first, count).Clear();
        int* starts = plan.Starts(lane), grouped = plan.Grouped(lane);
        float* weights = plan.Weights(plan.RoutesOf(lane, step.Rows), step.Rows);
        for (int expert = 0; expert < plan.Count; expert++)
        {
            if (starts[expert] == starts[expert + 1])
                continue;
            int weightRow = expert * _output.Width + first;
            bool tiles = _down.ByTiles(starts[expert + 1] - starts[expert]);
            byte* panel = plan.Panels + plan.PanelStarts(lane)[expert] * plan.DownPanel;
            _down.Begin(weightRow, count, lane.Block, tiles);
            for (int route = starts[expert], rows; route < starts[expert + 1]; route += rows, panel += plan.PanelsOf(rows) * plan.DownPanel)
            {
                rows = tiles ? _down.RowsAtOnce(starts[expert + 1] - route) : Math.Min(Lane.PartialRows, starts[expert + 1] - route);
                _down.Multiply(weightRow, count, lane.Block, tiles, plan.DownRows + route * plan.DownStride, plan.DownStride, panel, plan.DownPanel, rows, lane.Partial);
                for (int i = 0; i < rows; i++)
                {
                    float* products = lane.Partial + (long)i * count;
                    if (_bias != null)
                        Sum.Row(products, _bias + weightRow, products, count);
                    int place = grouped[route + i];
                    Sum.AddScaled(products, weights[place], _output.Row(place / plan.Used) + first, count);
                }
            }
        }
        for (int row = 0; row < step.Rows && (_factor != 1 || _residual is not null); row++)
        {
            float* y = _output.Row(row) + first;
            if (_factor != 1)
                Sum.Scale(y, _factor, y, count);
            if (_residual is not null)
                Sum.Row(y, _residual.Row(row) + first, y, count);
        }
    }
}
