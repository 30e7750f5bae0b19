using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>A mixture of experts: its weights, and the memory of a step. A route is one chosen expert of one row; routes are grouped by expert, so that each expert's weights are read once.</summary>
internal sealed unsafe class ExpertPlan
{
    /// <summary>Lays the memory out.</summary>
    /// <param name="node">The node.</param>
    /// <param name="gate">The gate matrices.</param>
    /// <param name="up">The up matrices.</param>
    /// <param name="down">The down matrices.</param>
    /// <param name="input">The rows of the input.</param>
    /// <param name="limits">The most rows.</param>
    /// <param name="tileWidth">Activation rows of an interleaved panel; 0: there are no tiles.</param>
    /// <param name="sizes">Grown to what the plan needs of a lane.</param>
    public ExpertPlan(MixtureOfExpertsNode node, LinearKernel gate, LinearKernel up, LinearKernel down, RowSource input, RuntimeLimits limits, int tileWidth, LaneSizes sizes)
    {
        Node = node;
        (Gate, Up, Down) = (gate, up, down);
        Count = (int)node.Gate.Shape[0];
        Inner = (int)node.Down.Shape[2];
        Used = node.Routing.Used;
        Input = new ActivationRows(input, [gate, up]);
        InnerStride = ((long)Inner * sizeof(float) + 63) & ~63L;
        Direct = down.Preparation.IsFloats;
        DownStride = Direct ? InnerStride : (down.Preparation.Bytes(Inner) + 63L) & ~63L;
        long routes = checked((long)limits.MaxRows * Used);
        if (routes > int.MaxValue)
            throw new UnsupportedModelException($"cpu: node '{node.Name}': {limits.MaxRows} rows with {Used} experts each are more than {int.MaxValue}");
        TileWidth = tileWidth;
        InputPanel = tileWidth == 0 ? 0 : Input.PanelBytes(tileWidth);
        DownPanel = tileWidth == 0 ? 0 : Align(down.Preparation.PanelBytes(Inner, tileWidth));
        _leastPanelRows = tileWidth == 0 ? int.MaxValue : new[] { gate, up, down }.Min(k => k.LeastRowsByTiles);
        // An expert's last panel may hold a single row, and only experts with many rows have panels.
        long panels = _leastPanelRows == int.MaxValue ? 0 : routes / tileWidth + Math.Min(Count, routes / _leastPanelRows);
        PanelBytes = checked(panels * Math.Max(InputPanel, DownPanel));
        PreparedBytes = checked(Math.Max(Input.Stride * limits.MaxRows, Direct ? 0 : DownStride * routes));
        InnerBytes = checked(InnerStride * routes);
        RouteBytes = RoutesSize(limits.MaxRows);
        _starts = Align(ExpertRouter.ScratchBytes(Count, node.Routing.Groups));
        _routes = _starts + Align((3L * Count + 2) * sizeof(int));
        _own = _routes + Align(routes * sizeof(int));
        _gather = _own + RoutesSize(Lane.OwnRows);
        sizes.Experts = Math.Max(sizes.Experts, _gather + Input.Stride * Lane.PartialRows);
        sizes.Prepared = Math.Max(sizes.Prepared, Input.Stride);
        sizes.Row = Math.Max(sizes.Row, input.Width);
    }

    // A lane's memory: the router's scratch, the experts' ranges, the routes by expert, own routes, gathered rows.
    private readonly long _starts, _routes, _own, _gather;

    // From so many rows of an expert on, one of its matrices takes tiles.
    private readonly int _leastPanelRows;

    /// <summary>The node.</summary>
    public MixtureOfExpertsNode Node { get; }

    /// <summary>The matrices; expert e's rows start at e times an expert's rows. Gate and up are one where the node's weight has the rows of both.</summary>
    public LinearKernel Gate { get; }

    /// <inheritdoc cref="Gate"/>
    public LinearKernel Up { get; }

    /// <inheritdoc cref="Gate"/>
    public LinearKernel Down { get; }

    /// <summary>Experts.</summary>
    public int Count { get; }

    /// <summary>The inner width of an expert.</summary>
    public int Inner { get; }

    /// <summary>Experts of a row.</summary>
    public int Used { get; }

    /// <summary>The rows of the input.</summary>
    public ActivationRows Input { get; }

    /// <summary>Whether the down product reads the gated rows as they are.</summary>
    public bool Direct { get; }

    /// <summary>Bytes from a route's gated row to the next.</summary>
    public long InnerStride { get; }

    /// <summary>Bytes from a route's gated row to the next, as the down product reads it.</summary>
    public long DownStride { get; }

    /// <summary>Activation rows of a panel.</summary>
    public int TileWidth { get; }

    /// <summary>Bytes of a panel of the input's rows.</summary>
    public long InputPanel { get; }

    /// <summary>Bytes of a panel of the gated rows.</summary>
    public long DownPanel { get; }

    /// <summary>Bytes of <see cref="Panels"/>.</summary>
    public long PanelBytes { get; }

    /// <summary>The interleaved rows of the experts that have as many as tiles are used for, expert after expert.</summary>
    public byte* Panels { get; set; }

    /// <summary>Bytes of <see cref="Prepared"/>.</summary>
    public long PreparedBytes { get; }

    /// <summary>Bytes of <see cref="Gated"/>.</summary>
    public long InnerBytes { get; }

    /// <summary>Bytes of <see cref="Routes"/>.</summary>
    public long RouteBytes { get; }

    /// <summary>The prepared rows of the input, later those of the routes.</summary>
    public byte* Prepared { get; set; }

    /// <summary>The gated rows, a float row for each route, grouped by expert.</summary>
    public byte* Gated { get; set; }

    /// <summary>Each row's experts and weights; of a step of few rows each lane has its own.</summary>
    public byte* Routes { get; set; }

    /// <summary>The gated rows as the down product reads them.</summary>
    public byte* DownRows => Direct ? Gated : Prepared;

    /// <summary>Gate or up, as it reads the input's rows.</summary>
    public ExpertMatrix Matrix(LinearKernel kernel) => new(kernel, Input.OffsetOf(kernel), TileWidth == 0 ? 0 : Input.PanelOffsetOf(kernel, TileWidth), TileWidth);

    /// <summary>The routes of the step.</summary>
    public byte* RoutesOf(Lane lane, int rows) => rows <= Lane.OwnRows ? lane.Experts + _own : Routes;

    /// <summary>The chosen experts, by row and rank.</summary>
    public static int* Chosen(byte* routes) => (int*)routes;

    /// <summary>Their weights.</summary>
    public float* Weights(byte* routes, int rows) => (float*)(routes + Align((long)rows * Used * sizeof(int)));

    /// <summary>A lane's room for the router.</summary>
    public static byte* RouterScratch(Lane lane) => lane.Experts;

    /// <summary>Where each expert's routes start; one more than there are experts.</summary>
    public int* Starts(Lane lane) => (int*)(lane.Experts + _starts);

    /// <summary>The experts that have routes.</summary>
    public int* Active(Lane lane) => Starts(lane) + Count + 1;

    /// <summary>Panels that rows of an expert stand in, where they are multiplied at once.</summary>
    public int PanelsOf(int rows) => rows > TileWidth ? 2 : 1;

    /// <summary>The panel where each expert's begin; one more than there are experts.</summary>
    public int* PanelStarts(Lane lane) => Active(lane) + Count;

    /// <summary>The routes by expert, each as row · used + rank.</summary>
    public int* Grouped(Lane lane) => (int*)(lane.Experts + _routes);

    /// <summary>A lane's room for rows that are brought together.</summary>
    public byte* Gather(Lane lane) => lane.Experts + _gather;

    /// <summary>Groups the routes; every lane does so for itself.</summary>
    /// <returns>The number of experts that have routes.</returns>
    public int Group(Lane lane, int* chosen, int rows)
    {
        int* starts = Starts(lane), active = Active(lane), grouped = Grouped(lane);
        new Span<int>(starts, Count + 1).Clear();
        int routes = rows * Used, count = 0;
        for (int i = 0; i < routes; i++)
            starts[chosen[i] + 1]++;
        for (int e = 0; e < Count; e++)
        {
            if (starts[e + 1] > 0)
                active[count++] = e;
            starts[e + 1] += starts[e];
        }
        // Filling moves each start to its end, which is the next one's start.
        for (int i = 0; i < routes; i++)
            grouped[starts[chosen[i]]++] = i;
        for (int e = Count; e > 0; e--)
            starts[e] = starts[e - 1];
        starts[0] = 0;
        int* panels = PanelStarts(lane);
        panels[0] = 0;
        for (int e = 0; e < Count; e++)
        {
            int rowsOfExpert = starts[e + 1] - starts[e];
            panels[e + 1] = panels[e] + (rowsOfExpert < _leastPanelRows ? 0 : (rowsOfExpert + TileWidth - 1) / TileWidth);
        }
        return count;
    }

    private long RoutesSize(int rows) => 2 * Align((long)rows * Used * sizeof(int));

    private static long Align(long bytes) => (bytes + 63) & ~63L;
}
