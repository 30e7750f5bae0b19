namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Where a value's rows stand: in memory of their own, or as a range of columns of another value's. Values whose lives do not overlap share memory.</summary>
internal sealed unsafe class ValueBuffer
{
    private readonly List<ValueBuffer> _views = [];
    private readonly int _offset;
    private int _lastStage;

    /// <summary>A value with memory of its own.</summary>
    /// <param name="width">Floats of a row.</param>
    /// <param name="firstStage">The stage that writes it first.</param>
    public ValueBuffer(int width, int firstStage)
    {
        Whole = this;
        Width = width;
        Stride = checked((width + 15) & ~15);
        FirstStage = _lastStage = firstStage;
    }

    private ValueBuffer(ValueBuffer whole, int offset, int width)
    {
        Whole = whole;
        _offset = offset;
        Width = width;
        Stride = whole.Stride;
        FirstStage = whole.FirstStage;
        whole._views.Add(this);
    }

    /// <summary>The value whose memory this is: itself, unless it is a view.</summary>
    public ValueBuffer Whole { get; }

    /// <summary>Floats of a row.</summary>
    public int Width { get; }

    /// <summary>Floats from a row to the next; rows of whole values are 64-byte aligned.</summary>
    public int Stride { get; }

    /// <summary>The stage that writes it first.</summary>
    public int FirstStage { get; }

    /// <summary>The last stage that reads or writes it or any view of the same memory.</summary>
    public int LastStage
    {
        get => Whole._lastStage;
        set => Whole._lastStage = value;
    }

    /// <summary>The first row; there when the plan's memory is.</summary>
    public float* Data { get; private set; }

    /// <summary>A range of this value's columns.</summary>
    public ValueBuffer View(int offset, int width) => new(Whole, _offset + offset, width);

    /// <summary>Gives a whole value, and its views, their memory.</summary>
    public void Place(float* data)
    {
        Data = data;
        foreach (ValueBuffer view in _views)
            view.Data = data + view._offset;
    }

    /// <summary>How it stands while a step has many rows, where it can stand so; set when the plan's stages are there.</summary>
    public FeatureMajor? Features { get; set; }

    /// <summary>Whether it stands by features in the running step: then it has panels, else rows.</summary>
    public bool IsByFeatures => Whole.Features is { IsActive: true };

    /// <summary>A row.</summary>
    public float* Row(int row) => Data + (long)row * Stride;

    /// <summary>A panel's elements of this value's features, one feature's after the other's.</summary>
    public float* Panel(int panel, FeatureMajor features) => Whole.Data + (long)panel * features.Width * Stride + (long)_offset * features.WidthOf(panel);

    /// <summary>A row wherever it stands: in its place, or brought together in <paramref name="room"/>.</summary>
    public float* Row(int row, float* room) => Part(row, 0, Width, room);

    /// <summary>As <see cref="Row(int, float*)"/>, of so many features from the first on.</summary>
    public float* Part(int row, int first, int count, float* room)
    {
        if (!IsByFeatures)
            return Row(row) + first;
        float* from = Lane(row, first, out int width);
        for (int i = 0; i < count; i++, from += width)
            room[i] = *from;
        return room;
    }

    /// <summary>A row's element of a feature, wherever it stands.</summary>
    /// <param name="row">The row.</param>
    /// <param name="feature">The feature.</param>
    /// <param name="stride">Floats to the next feature's.</param>
    public float* Lane(int row, int feature, out int stride)
    {
        stride = 1;
        if (!IsByFeatures)
            return Row(row) + feature;
        FeatureMajor features = Whole.Features!;
        int panel = row / features.Width;
        stride = features.WidthOf(panel);
        return Panel(panel, features) + (long)feature * stride + row % features.Width;
    }
}
