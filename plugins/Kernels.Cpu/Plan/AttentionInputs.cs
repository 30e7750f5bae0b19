using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>An attention node's buffers and weights.</summary>
internal sealed unsafe class AttentionInputs(HeadInput query, HeadInput key, ValueBuffer value, ValueBuffer output, float* sinks)
{
    /// <summary>The queries.</summary>
    public HeadInput Query { get; } = query;

    /// <summary>The keys.</summary>
    public HeadInput Key { get; } = key;

    /// <summary>The values.</summary>
    public ValueBuffer Value { get; } = value;

    /// <summary>The result.</summary>
    public ValueBuffer Output { get; } = output;

    /// <summary>A score for each query head, or null.</summary>
    public float* Sinks { get; } = sinks;
}

/// <summary>Queries or keys, with what happens to each head on the way into attention.</summary>
/// <param name="Value">Where they stand.</param>
/// <param name="Norm">The first, with a group for each head, or null.</param>
/// <param name="Turns">The second, or null.</param>
/// <param name="Offset">The first element that rotates.</param>
internal sealed record HeadInput(ValueBuffer Value, NormKernel? Norm, Turns? Turns, int Offset)
{
    /// <summary>Whether nothing happens.</summary>
    public bool IsPlain => Norm is null && Turns is null;

    /// <summary>What happens, for people.</summary>
    public string Description => (Norm, Turns) switch
    {
        (null, null) => "as stored",
        (null, _) => "rotated",
        (_, null) => "normalized",
        _ => "normalized and rotated",
    };

    /// <summary>Makes a head.</summary>
    /// <param name="row">The row.</param>
    /// <param name="head">The head.</param>
    /// <param name="length">Floats of a head.</param>
    /// <param name="factor">Multiplies it at last.</param>
    /// <param name="between">Room for a head.</param>
    /// <param name="result">Where it goes.</param>
    /// <returns>The result.</returns>
    public unsafe float* Make(int row, int head, int length, float factor, float* between, float* result)
    {
        float* x = Value.Part(row, head * length, length, between);
        if (Norm is not null)
        {
            Norm.Group(head, x, between);
            x = between;
        }
        if (Turns is null)
            Sum.Scale(x, factor, result, length);
        else
            Rope.Head(x, result, length, Offset, Turns.Pairs, Turns.Pairing, Turns.Row(row), factor);
        return result;
    }

    /// <summary>Makes a head of rows that stand by features.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="features">How they stand.</param>
    /// <param name="first">The first of the panel's rows that are wanted.</param>
    /// <param name="rows">Their number, a multiple of 8.</param>
    /// <param name="head">The head.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="factor">Multiplies it at last.</param>
    /// <param name="between">Room for a head of all the panel's rows.</param>
    /// <param name="result">Where it goes, element after element.</param>
    public unsafe void MakePanel(int panel, FeatureMajor features, int first, int rows, int head, int length, float factor, float* between, float* result)
    {
        int width = features.WidthOf(panel);
        float* x = Value.Panel(panel, features) + (long)head * length * width;
        if (Norm is not null)
        {
            Norm.GroupFeatures(head, x, between, width);
            x = between;
        }
        float* cosines = Turns is null ? null : Turns.Cosines(panel) + first, sines = Turns is null ? null : Turns.Sines(panel, features) + first;
        Rope.Features(x + first, width, result, rows, length, Offset, Turns?.Pairs ?? 0, Turns?.Pairing ?? default, cosines, sines, factor);
    }
}
