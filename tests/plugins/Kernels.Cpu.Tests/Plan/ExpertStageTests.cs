using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>How many activation rows of an expert come to a kernel at once, and what is done for it before.</summary>
public sealed unsafe class ExpertStageTests
{
    private const int Never = int.MaxValue, Width = 64, Inner = 96;

    // Barriers: behind the rows' preparation, behind the panels of gate and up, and behind those of down. The last panel of a tile may have rows that are not there.
    [Theory]
    [InlineData(20, Never, Never, new[] { 20 }, new[] { 20 }, 1)]
    [InlineData(70, Never, Never, new[] { 32, 32, 6 }, new[] { 32, 32, 6 }, 1)]
    [InlineData(20, 33, 33, new[] { 20 }, new[] { 20 }, 1)]
    [InlineData(40, 33, 49, new[] { 8, 8, 8, 8, 8 }, new[] { 32, 8 }, 2)]
    [InlineData(40, 49, 33, new[] { 32, 8 }, new[] { 8, 8, 8, 8, 8 }, 2)]
    [InlineData(40, 33, 33, new[] { 8, 8, 8, 8, 8 }, new[] { 8, 8, 8, 8, 8 }, 3)]
    [InlineData(9, 4, 4, new[] { 8, 8 }, new[] { 8, 8 }, 3)]
    [InlineData(70, 4, 4, new[] { 32, 32, 8 }, new[] { 32, 32, 8 }, 3, 16)]
    [InlineData(45, 4, Never, new[] { 32, 16 }, new[] { 32, 13 }, 2, 16)]
    [InlineData(24, 4, 4, new[] { 16, 8 }, new[] { 16, 8 }, 3, 16)]
    public void Rows_come_by_panels_or_two_to_tiles_alone_and_else_as_many_as_there_is_room_for(int rows, int gateTiles, int downTiles, int[] gate, int[] down, int barriers, int panelWidth = 8)
    {
        CpuIsa isa = CpuIsa.Detect();
        Assert.SkipUnless(isa.Avx2, "there are no tiles here");
        CheckShape shape = new() { Width = Width, HeadLength = 16, FeedForward = Inner, Layers = 1, Experts = new CheckExperts(6, new ExpertRouting(2, ExpertScoring.Softmax)) };
        using CheckModel model = new(shape, Quantizations.With());
        MixtureOfExpertsNode node = model.Graph.Nodes.OfType<MixtureOfExpertsNode>().Single();
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast);
        using NativeArena arena = new();
        LaneSizes sizes = new();
        ValueBuffer input = Values(Width), router = Values(6), output = Values(Width);
        Noting gates = new(node.Gate, isa, gateTiles, panelWidth), ups = new(node.Up, isa, gateTiles, panelWidth), downs = new(node.Down, isa, downTiles, panelWidth);
        ExpertPlan plan = new(node, gates, ups, downs, new StoredSource(input), limits, panelWidth, sizes);
        ExpertBiases none = new(null, null, null, null);
        ExpertGateStage first = new(0, plan, router, none, exact: false, lanes: 1, sizes);
        ExpertDownStage second = new(1, plan, none, 1, null, output, lanes: 1, sizes);
        plan.Prepared = arena.Take(plan.PreparedBytes);
        plan.Gated = arena.Take(plan.InnerBytes);
        plan.Routes = arena.Take(plan.RouteBytes);
        plan.Panels = arena.Take(plan.PanelBytes);
        Assert.Equal(gateTiles == Never && downTiles == Never, plan.PanelBytes == 0);
        LoneLane team = new();
        Lane lane = new(0, 1, sizes, arena) { Team = team };
        Step step = new(limits, [first, second], lanes: 1, runRows: 1, arena);
        using Batch batch = new(limits, groups: 1);
        for (int row = 0; row < rows; row++)
            batch.Add(0, row, row, 0, RowOutputs.None);
        step.Begin(batch);
        first.Run(lane, step);
        second.Run(lane, step);

        // Equal scores: every row has the first two experts.
        Assert.Equal([.. gate, .. gate], gates.Together(Inner));
        Assert.Equal([.. gate, .. gate], ups.Together(Inner));
        Assert.Equal([.. down, .. down], downs.Together(Width));
        Assert.Equal(barriers, team.Barriers);

        ValueBuffer Values(int width)
        {
            ValueBuffer buffer = new(width, 0);
            long count = (long)buffer.Stride * limits.MaxRows;
            buffer.Place(arena.Floats(count));
            new Span<float>(buffer.Data, (int)count).Clear();
            return buffer;
        }
    }

    private sealed class LoneLane : IWorkLane
    {
        public int Barriers { get; private set; }

        public int Index => 0;

        public int Count => 1;

        public void Barrier() => Barriers++;
    }

    /// <summary>Notes the activation rows of each call; all products are 0.</summary>
    private sealed class Noting(WeightTensor weight, CpuIsa isa, int tileRows, int panelWidth) : LinearKernel(weight, Preparation.Float(isa))
    {
        private readonly List<(int FirstRow, int ActivationRows)> _calls = [];
        private readonly NotingTile? _tile = tileRows == Never ? null : new NotingTile(panelWidth);

        public override TileKernel? Tile => _tile;

        public override int TileRows => tileRows;

        public override long WorkingRowBytes => Columns;

        /// <summary>Activation rows of the calls that begin with an expert's first row, expert after expert; an expert's rows are multiplied in blocks.</summary>
        public int[] Together(int expertRows) => [.. (_tile?.Calls ?? []).Concat(_calls).Where(c => c.FirstRow % expertRows == 0).OrderBy(c => c.FirstRow).Select(c => c.ActivationRows)];

        public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
        {
            _calls.Add((firstRow, batchRows));
            for (int row = 0; row < batchRows; row++)
                new Span<float>(output + row * outputStride, rowCount).Clear();
        }
    }

    private sealed class NotingTile(int panelWidth) : TileKernel
    {
        private int _firstRow, _rowCount, _panels;

        public List<(int FirstRow, int ActivationRows)> Calls { get; } = [];

        public override bool HasPair => panelWidth == MaxWidth;

        public override long PanelBytes => 64;

        public override void Unpack(int firstRow, int rowCount, byte* panels) => (_firstRow, _rowCount, _panels) = (firstRow, rowCount, 0);

        public override void Compile()
        {
        }

        public override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums) => Note(width, sums);

        public override void MultiplyPanels(byte* panel, byte* activations, long distance, float* sums) => Note(2 * MaxWidth, sums);

        // Once for each eight weight rows; a tile is told of whole panels.
        private void Note(int width, float* sums)
        {
            if (_panels++ % ((_rowCount + 7) / 8) == 0)
                Calls.Add((_firstRow, width));
            new Span<float>(sums, 8 * width).Clear();
        }
    }
}
