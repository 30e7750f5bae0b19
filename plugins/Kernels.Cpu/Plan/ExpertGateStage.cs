using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The first half of a mixture of experts: routes the rows, groups them by expert, and makes the gated inner rows. Lanes take blocks of an expert's rows by turns.</summary>
internal sealed unsafe class ExpertGateStage : Stage
{
    private readonly int _stage, _few, _many;
    private readonly ExpertPlan _plan;
    private readonly ExpertMatrix _gate, _up;
    private readonly ValueBuffer _router;
    private readonly float* _selectionBias, _gateBias, _upBias;
    private readonly bool _exact, _alternates;
    private readonly int _expertRows, _upOffset;

    /// <summary>Plans the stage.</summary>
    public ExpertGateStage(int stage, ExpertPlan plan, ValueBuffer router, ExpertBiases biases, bool exact, int lanes, LaneSizes sizes)
    {
        _stage = stage;
        _plan = plan;
        _router = router;
        _selectionBias = biases.Selection;
        _gateBias = biases.Gate;
        GateUpRows order = plan.Node.Rows;
        _upBias = order == GateUpRows.Separate ? biases.Up : biases.Gate;
        _exact = exact;
        _alternates = order == GateUpRows.Alternating;
        _expertRows = order == GateUpRows.Separate ? plan.Inner : 2 * plan.Inner;
        _upOffset = order == GateUpRows.GateFirst ? plan.Inner : 0;
        _gate = plan.Matrix(plan.Gate);
        _up = plan.Matrix(plan.Up);
        LinearKernel larger = plan.Gate.WorkingRowBytes > plan.Up.WorkingRowBytes ? plan.Gate : plan.Up;
        long stageRows = (long)plan.Inner * plan.Used;
        _few = Product.BlockSize(larger, stageRows, lanes, RowPath.Few, sizes);
        _many = Product.BlockSize(larger, stageRows, lanes, larger.Tile is null ? RowPath.Many : RowPath.Tiles, sizes);
        int block = Math.Max(_few, _many);
        // Rows by turns are multiplied as one run, and parted row by row behind it.
        sizes.BlockRows = Math.Max(sizes.BlockRows, _alternates ? 3 * block : 2 * block);
        sizes.Block = Math.Max(sizes.Block, _alternates ? _gate.BlockBytes(2 * block) : _gate.BlockBytes(block) + _up.BlockBytes(block));
    }

    public override ItemCounters Counters => ItemCounters.Shared;

    public override void Run(Lane lane, Step step)
    {
        if (step.Rows == 0)
            return;
        ExpertPlan plan = _plan;
        byte* prepared = Route(lane, step);
        int active = plan.Group(lane, ExpertPlan.Chosen(plan.RoutesOf(lane, step.Rows)), step.Rows);
        Pack(lane, prepared);
        int size = step.Rows * plan.Used <= LinearKernel.LeastFewRows * active ? _few : _many;
        int blocks = (plan.Inner + size - 1) / size;
        for (int task = step.Next(_stage); task < active * blocks; task = step.Next(_stage))
        {
            int first = task % blocks * size;
            Block(lane, plan.Active(lane)[task / blocks], first, Math.Min(size, plan.Inner - first), prepared);
        }
    }

    // Few rows are routed and prepared by every lane for itself, which costs less than a barrier.
    private byte* Route(Lane lane, Step step)
    {
        ExpertPlan plan = _plan;
        int rows = step.Rows;
        bool own = rows <= Lane.OwnRows;
        byte* prepared = own ? lane.Prepared : plan.Prepared, routes = plan.RoutesOf(lane, rows);
        int* chosen = ExpertPlan.Chosen(routes);
        float* weights = plan.Weights(routes, rows);
        (int first, int end) = own ? (0, rows) : lane.Share(rows);
        for (int row = first; row < end; row++)
        {
            ExpertRouter.Route(_router.Row(row), _selectionBias, plan.Count, plan.Node.Routing, ExpertPlan.RouterScratch(lane), chosen + (long)row * plan.Used, weights + (long)row * plan.Used);
            plan.Input.Prepare(row, prepared + row * plan.Input.Stride, lane.Row);
        }
        if (!own)
            lane.Team.Barrier();
        return prepared;
    }

    // The panels of experts whose rows are taken by tiles, each made by one lane.
    private void Pack(Lane lane, byte* prepared)
    {
        ExpertPlan plan = _plan;
        int* starts = plan.Starts(lane), panels = plan.PanelStarts(lane);
        bool any = false;
        for (int e = 0; e < plan.Count; e++)
        {
            if (!_gate.ByTiles(starts[e + 1] - starts[e]) && !_up.ByTiles(starts[e + 1] - starts[e]))
                continue;
            any = true;
            for (int panel = panels[e]; panel < panels[e + 1]; panel++)
            {
                if (panel % lane.Count != lane.Index)
                    continue;
                int route = starts[e] + (panel - panels[e]) * plan.TileWidth, rows = Math.Min(plan.TileWidth, starts[e + 1] - route);
                plan.Input.Pack(Together(lane, route, rows, prepared), rows, plan.Panels + panel * plan.InputPanel, plan.TileWidth, 0, 1);
            }
        }
        if (any)
            lane.Team.Barrier();
    }

    private void Block(Lane lane, int expert, int first, int count, byte* prepared)
    {
        ExpertPlan plan = _plan;
        int start = plan.Starts(lane)[expert], end = plan.Starts(lane)[expert + 1];
        int gateCount = _alternates ? 2 * count : count, gateRow = expert * _expertRows + (_alternates ? 2 * first : first), upRow = gateRow + _upOffset;
        bool gateTiles = _gate.ByTiles(end - start), upTiles = _up.ByTiles(end - start);
        byte* upBlock = lane.Block + _gate.BlockBytes(gateCount), panel = plan.Panels + plan.PanelStarts(lane)[expert] * plan.InputPanel;
        _gate.Begin(gateRow, gateCount, lane.Block, gateTiles);
        if (!_alternates)
            _up.Begin(upRow, count, upBlock, upTiles);
        float* gates = lane.Partial, ups = gates + (long)gateCount * Lane.PartialRows;
        for (int route = start, rows; route < end; route += rows, panel += plan.PanelsOf(rows) * plan.InputPanel)
        {
            rows = gateTiles ? _gate.RowsAtOnce(end - route) : upTiles ? _up.RowsAtOnce(end - route) : Math.Min(Lane.PartialRows, end - route);
            byte* x = gateTiles && upTiles ? null : Together(lane, route, rows, prepared);
            _gate.Multiply(gateRow, gateCount, lane.Block, gateTiles, x, plan.Input.Stride, panel, plan.InputPanel, rows, gates);
            if (!_alternates)
                _up.Multiply(upRow, count, upBlock, upTiles, x, plan.Input.Stride, panel, plan.InputPanel, rows, ups);
            for (int i = 0; i < rows; i++)
            {
                float* gate = gates + (long)i * gateCount, up = ups + (long)i * count;
                if (_gateBias != null)
                    Sum.Row(gate, _gateBias + gateRow, gate, gateCount);
                if (_alternates)
                {
                    Part(gate, ups, count);
                    gate = ups;
                    up = ups + count;
                }
                else if (_upBias != null)
                    Sum.Row(up, _upBias + upRow, up, count);
                Gates.Row(plan.Node.Activation, _exact, gate, up, (float*)(plan.Gated + (route + i) * plan.InnerStride) + first, count, plan.Node.Limit);
            }
        }
    }

    private static void Part(float* products, float* parted, int count)
    {
        for (int i = 0; i < count; i++)
            (parted[i], parted[count + i]) = (products[2 * i], products[2 * i + 1]);
    }

    // The prepared rows of consecutive routes; copied only where they do not stand together.
    private byte* Together(Lane lane, int route, int rows, byte* prepared)
    {
        int* routes = _plan.Grouped(lane) + route;
        long stride = _plan.Input.Stride;
        int first = routes[0] / _plan.Used;
        if (routes[rows - 1] / _plan.Used - first == rows - 1)
            return prepared + first * stride;
        byte* gathered = _plan.Gather(lane);
        for (int i = 0; i < rows; i++)
            Buffer.MemoryCopy(prepared + routes[i] / _plan.Used * stride, gathered + i * stride, stride, stride);
        return gathered;
    }
}

/// <summary>The biases of a mixture of experts, by expert; null where there are none.</summary>
internal sealed unsafe class ExpertBiases(float* selection, float* gate, float* up, float* down)
{
    /// <summary>Added where experts are chosen.</summary>
    public float* Selection { get; } = selection;

    /// <summary>Of the gate products.</summary>
    public float* Gate { get; } = gate;

    /// <summary>Of the up products.</summary>
    public float* Up { get; } = up;

    /// <summary>Of the down products.</summary>
    public float* Down { get; } = down;
}
