using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Floats;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Supers;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>How an activation row is brought into the form that a kernel reads; weights that share an input and a form share the prepared row.</summary>
internal abstract unsafe class Preparation
{
    /// <summary>The floats themselves, for kernels without tiles.</summary>
    public static Preparation Float32 { get; } = new Floats(0);

    /// <summary>The floats themselves.</summary>
    public static Preparation Float(CpuIsa isa) => new Floats(FloatLanes.Of(isa));

    /// <summary>Signed bytes in groups of 32.</summary>
    public static Preparation Int8(CpuIsa isa) => new Int8Groups(isa);

    /// <summary>Signed bytes in groups of 32 columns, which are brought into an order first.</summary>
    public static Preparation Int8(CpuIsa isa, int[] order) => new OrderedInt8Groups(isa, order);

    /// <summary>Signed bytes in blocks of 256.</summary>
    public static Preparation Int8Super(CpuIsa isa) => new Int8Blocks(isa);

    /// <summary>Signed bytes in groups of 32, or in blocks of 256, with a second byte where the scale is largest.</summary>
    /// <param name="isa">What may be used.</param>
    /// <param name="super">Whether blocks of 256.</param>
    /// <param name="groups">How many of a row's groups or blocks have a second byte.</param>
    public static Preparation Refined(CpuIsa isa, bool super, int groups) => new RefinedBytes(isa, super, groups);

    /// <summary>Whatever a quantization's own row dot asks for.</summary>
    public static Preparation Of(IRowDot rowDot) => new Plugin(rowDot);

    /// <summary>Bytes of a prepared row.</summary>
    public abstract int Bytes(int columns);

    /// <summary>Prepares a row.</summary>
    /// <param name="x">The row; may be <paramref name="destination"/> where the form is float.</param>
    /// <param name="columns">Its length.</param>
    /// <param name="destination">64-byte aligned.</param>
    public abstract void Prepare(float* x, int columns, byte* destination);

    /// <summary>Bytes of an interleaved panel of up to so many rows; 0 where no tile reads the form.</summary>
    public virtual long PanelBytes(int columns, int width) => 0;

    /// <summary>Interleaves a part of the columns of prepared rows.</summary>
    /// <param name="rows">Prepared rows.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">Rows that are there, 1 to <paramref name="width"/>.</param>
    /// <param name="columns">Their length.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="width">Its width.</param>
    /// <param name="part">The part's number.</param>
    /// <param name="parts">The number of parts.</param>
    public virtual void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts)
    {
    }

    /// <summary>Whether panels can be made of values that stand by features.</summary>
    public virtual bool TakesFeatures => false;

    /// <summary>Makes a panel of values that stand by features: bitwise what <see cref="Prepare"/> and <see cref="Pack"/> make of their rows.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="width"/> rows' elements.</param>
    /// <param name="columns">The features.</param>
    /// <param name="width">The panel's width.</param>
    /// <param name="count">Rows that are there.</param>
    /// <param name="panel">The panel.</param>
    /// <exception cref="NotSupportedException">No panel can be made so: <see cref="TakesFeatures"/> is false.</exception>
    public virtual void PackFeatures(float* x, int columns, int width, int count, byte* panel) => throw new NotSupportedException();

    /// <summary>Whether a prepared row is the row.</summary>
    public virtual bool IsFloats => false;

    /// <summary>Groups of columns that have a second byte.</summary>
    public virtual int RefinedGroups => 0;

    /// <summary>Where a panel's second bytes start in it: a <see cref="RefinedPanel"/>.</summary>
    public virtual long RefinedPanelOffset(int columns, int width) => 0;

    /// <summary>True where both make the same bytes.</summary>
    public abstract bool IsSameAs(Preparation other);

    private sealed class Floats(int lanes) : Preparation
    {
        private readonly int _lanes = lanes;

        public override bool IsFloats => true;

        public override int Bytes(int columns) => checked(columns * sizeof(float));

        public override void Prepare(float* x, int columns, byte* destination)
        {
            if (x != (float*)destination)
                Buffer.MemoryCopy(x, destination, (long)columns * sizeof(float), (long)columns * sizeof(float));
        }

        public override long PanelBytes(int columns, int width) => _lanes == 0 ? 0 : FloatActivations.Bytes(columns, width);

        public override void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts)
        {
            if (_lanes > 0)
                FloatActivations.Pack(rows, stride, count, columns, panel, width, _lanes, part, parts);
        }

        public override bool TakesFeatures => _lanes > 0;

        public override void PackFeatures(float* x, int columns, int width, int count, byte* panel) => FloatActivations.Order(x, columns, width, panel, _lanes);

        public override bool IsSameAs(Preparation other) => other is Floats floats && floats._lanes == _lanes;
    }

    private class Int8Groups(CpuIsa isa) : Preparation
    {
        public override int Bytes(int columns) => Int8Activation.Bytes(columns);

        public override void Prepare(float* x, int columns, byte* destination) => Int8Activation.Prepare(x, columns, destination, isa);

        public override long PanelBytes(int columns, int width) => (long)columns / Int8Activation.Group * GroupActivations.Bytes(width);

        public override void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts) =>
            GroupActivations.Pack(rows, stride, count, columns, panel, width, part, parts);

        public override bool TakesFeatures => isa.Avx2;

        public override void PackFeatures(float* x, int columns, int width, int count, byte* panel) => GroupActivations.Round(x, columns, width, panel);

        public override bool IsSameAs(Preparation other) => other.GetType() == typeof(Int8Groups);
    }

    // The row in its order stands behind the prepared one.
    private sealed class OrderedInt8Groups(CpuIsa isa, int[] order) : Int8Groups(isa)
    {
        private readonly int[] _order = order;

        public override int Bytes(int columns) => checked(base.Bytes(columns) + columns * sizeof(float));

        public override void Prepare(float* x, int columns, byte* destination)
        {
            float* ordered = (float*)(destination + base.Bytes(columns));
            for (int i = 0; i < columns; i++)
                ordered[i] = x[_order[i]];
            base.Prepare(ordered, columns, destination);
        }

        public override bool TakesFeatures => false;

        public override void PackFeatures(float* x, int columns, int width, int count, byte* panel) => throw new NotSupportedException();

        public override bool IsSameAs(Preparation other) => other is OrderedInt8Groups ordered && ordered._order.AsSpan().SequenceEqual(_order);
    }

    private sealed class Int8Blocks(CpuIsa isa) : Preparation
    {
        public override int Bytes(int columns) => Int8SuperActivation.Bytes(columns);

        public override void Prepare(float* x, int columns, byte* destination) => Int8SuperActivation.Prepare(x, columns, destination, isa);

        public override long PanelBytes(int columns, int width) => (long)columns / Int8SuperActivation.Block * SuperActivations.Bytes(width);

        public override void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts) =>
            SuperActivations.Pack(rows, stride, count, columns, panel, width, part, parts);

        public override bool TakesFeatures => isa.Avx2;

        public override void PackFeatures(float* x, int columns, int width, int count, byte* panel) => SuperActivations.Round(x, columns, width, panel);

        public override bool IsSameAs(Preparation other) => other is Int8Blocks;
    }

    // A row of the form without a second byte is the front of one with it.
    private sealed class RefinedBytes(CpuIsa isa, bool super, int groups) : Preparation
    {
        private readonly Preparation _bytes = super ? new Int8Blocks(isa) : new Int8Groups(isa);
        private readonly bool _super = super;

        public override int RefinedGroups => groups;

        public override int Bytes(int columns) => checked(RefinedActivation.Offset(_super, columns) + RefinedActivation.Bytes(_super, groups));

        public override void Prepare(float* x, int columns, byte* destination)
        {
            _bytes.Prepare(x, columns, destination);
            RefinedActivation.Prepare(x, columns, destination, _super, groups, isa);
        }

        public override long PanelBytes(int columns, int width) => RefinedPanelOffset(columns, width) + RefinedPanel.Bytes(_super, columns, width, groups);

        public override long RefinedPanelOffset(int columns, int width) => RefinedPanel.Offset(_bytes.PanelBytes(columns, width));

        public override void Pack(byte* rows, long stride, int count, int columns, byte* panel, int width, int part, int parts)
        {
            _bytes.Pack(rows, stride, count, columns, panel, width, part, parts);
            RefinedPanel.Pack(rows + RefinedActivation.Offset(_super, columns), stride, count, panel + RefinedPanelOffset(columns, width), width, _super, groups, part, parts);
        }

        public override bool TakesFeatures => _bytes.TakesFeatures;

        public override void PackFeatures(float* x, int columns, int width, int count, byte* panel)
        {
            _bytes.PackFeatures(x, columns, width, count, panel);
            RefinedPanel.Pack(x, columns, width, count, panel, panel + RefinedPanelOffset(columns, width), _super, groups);
        }

        public override bool IsSameAs(Preparation other) => other is RefinedBytes refined && refined._super == _super && refined.RefinedGroups == groups;
    }

    private sealed class Plugin(IRowDot rowDot) : Preparation
    {
        private readonly IRowDot _rowDot = rowDot;

        public override int Bytes(int columns) => _rowDot.PreparedBytes(columns);

        public override void Prepare(float* x, int columns, byte* destination) => _rowDot.Prepare(x, columns, destination);

        public override bool IsSameAs(Preparation other) => other is Plugin plugin && ReferenceEquals(plugin._rowDot, _rowDot);
    }
}
