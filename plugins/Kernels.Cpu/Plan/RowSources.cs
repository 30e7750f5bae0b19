using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Normalization of a stored value.</summary>
internal sealed unsafe class NormSource(ValueBuffer x, NormKernel norm) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => norm.Description;

    public override IEnumerable<IReadOnlyList<ValueBuffer>> FillsFrom => [Reads];

    public override void Fill(int row, float* destination)
    {
        float* source = x.Row(row, destination);
        for (int g = 0; g < norm.Groups; g++)
            norm.Group(g, source + (long)g * norm.Length, destination + (long)g * norm.Length);
    }

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        norm.Features(x.Panel(panel, features), room, features.WidthOf(panel));
        return room;
    }
}

/// <summary>A nonlinearity of a stored value, times another one where it is a gate.</summary>
internal sealed unsafe class GateSource(Activation activation, ValueBuffer gate, ValueBuffer? up, float limit, bool exact) : RowSource(gate.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = up is null ? [gate] : [gate, up];

    public override string Description => $"{activation.ToString().ToLowerInvariant()}{(up is null ? "" : " gate")}";

    // What a row has behind its last eight is computed otherwise.
    public override bool TakesFeatures => Width % 8 == 0;

    public override void Fill(int row, float* destination) =>
        Gates.Row(activation, exact, gate.Row(row), up is null ? null : up.Row(row), destination, Width, limit);

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        Gates.Row(activation, exact, gate.Panel(panel, features), up is null ? null : up.Panel(panel, features), room, Width * features.WidthOf(panel), limit);
        return room;
    }
}

/// <summary>The sum of a stored value and another one that is made on the way.</summary>
internal sealed unsafe class SumSource(ValueBuffer a, RowSource b) : RowSource(a.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [a, .. b.Reads];

    public override string Description => b is StoredSource ? "sum" : $"sum with {b.Description}";

    public override bool TakesFeatures => b.TakesFeatures;

    public override void Fill(int row, float* destination)
    {
        float* other = b.InPlace(row);
        if (other == null)
            b.Fill(row, other = destination);
        Sum.Row(a.Row(row), other, destination, Width);
    }

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        Sum.Row(a.Panel(panel, features), b.Panel(panel, features, room), room, Width * features.WidthOf(panel));
        return room;
    }
}

/// <summary>A stored value times a factor.</summary>
internal sealed unsafe class ScaleSource(ValueBuffer x, float factor) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "scale";

    public override void Fill(int row, float* destination) => Sum.Scale(x.Row(row), factor, destination, Width);

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        Sum.Scale(x.Panel(panel, features), factor, room, Width * features.WidthOf(panel));
        return room;
    }
}

/// <summary>A part of each of a stored value's groups.</summary>
internal sealed unsafe class SliceSource(ValueBuffer x, int groups, int offset, int width) : RowSource(width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => $"slice of {groups} groups";

    public override void Fill(int row, float* destination) => Copy(x.Row(row), destination, 1);

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        Copy(x.Panel(panel, features), room, features.WidthOf(panel));
        return room;
    }

    // Elements of so many rows.
    private void Copy(float* source, float* destination, long rows)
    {
        long from = x.Width / groups * rows, to = Width / groups * rows;
        source += offset * rows;
        for (int g = 0; g < groups; g++)
            Buffer.MemoryCopy(source + g * from, destination + g * to, to * sizeof(float), to * sizeof(float));
    }
}

/// <summary>Two stored values, group by group.</summary>
internal sealed unsafe class ConcatSource(ValueBuffer a, ValueBuffer b, int groups, bool shared, int width) : RowSource(width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [a, b];

    public override string Description => "concat";

    public override void Fill(int row, float* destination) => Join(a.Row(row), b.Row(row), destination, 1);

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        Join(a.Panel(panel, features), b.Panel(panel, features), room, features.WidthOf(panel));
        return room;
    }

    // Elements of so many rows.
    private void Join(float* left, float* right, float* destination, long rows)
    {
        long first = a.Width / groups * rows, second = (shared ? b.Width : b.Width / groups) * rows, step = shared ? 0 : second;
        for (int g = 0; g < groups; g++, destination += first + second)
        {
            Buffer.MemoryCopy(left + g * first, destination, first * sizeof(float), first * sizeof(float));
            Buffer.MemoryCopy(right + g * step, destination + first, second * sizeof(float), second * sizeof(float));
        }
    }
}

/// <summary>A stored value with every head rotated.</summary>
internal sealed unsafe class RopeSource(ValueBuffer x, int heads, int headLength, int offset, Turns turns) : RowSource(x.Width)
{
    public override IReadOnlyList<ValueBuffer> Reads { get; } = [x];

    public override string Description => "rope";

    public override void Fill(int row, float* destination)
    {
        for (int h = 0; h < heads; h++)
            Rope.Head(x.Row(row) + (long)h * headLength, destination + (long)h * headLength, headLength, offset, turns.Pairs, turns.Pairing, turns.Row(row), 1);
    }

    public override float* Panel(int panel, FeatureMajor features, float* room)
    {
        int width = features.WidthOf(panel);
        float* from = x.Panel(panel, features), cosines = turns.Cosines(panel), sines = turns.Sines(panel, features);
        for (long h = 0, first = 0; h < heads; h++, first += (long)headLength * width)
            Rope.Features(from + first, width, room + first, width, headLength, offset, turns.Pairs, turns.Pairing, cosines, sines, 1);
        return room;
    }
}
