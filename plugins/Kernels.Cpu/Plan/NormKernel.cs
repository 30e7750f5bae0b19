using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>A norm over a row or over groups of it, with its weights as floats.</summary>
/// <param name="length">Floats of a group.</param>
/// <param name="groups">Groups of a row.</param>
/// <param name="weight">The weights.</param>
/// <param name="shared">All groups use the same weights.</param>
/// <param name="epsilon">ε.</param>
internal sealed unsafe class NormKernel(int length, int groups, float* weight, bool shared, float epsilon)
{
    /// <summary>Floats of a group.</summary>
    public int Length { get; } = length;

    /// <summary>Groups of a row.</summary>
    public int Groups { get; } = groups;

    /// <summary>Whether the mean is taken away.</summary>
    public bool Centered { get; init; }

    /// <summary>What a centered norm adds, with as many floats as there are weights, or null.</summary>
    public float* Bias { get; init; }

    /// <summary>What it is, for people.</summary>
    public string Description => (Centered ? "layer_norm" : "rms_norm") + (Groups == 1 ? "" : $" of {Groups} groups");

    /// <summary>Normalizes one group.</summary>
    /// <param name="group">The group's number.</param>
    /// <param name="x">The group.</param>
    /// <param name="y">The result.</param>
    public void Group(int group, float* x, float* y)
    {
        long first = shared ? 0 : (long)group * Length;
        if (Centered)
            LayerNorm.Row(x, weight + first, Bias == null ? null : Bias + first, y, Length, epsilon);
        else
            RmsNorm.Row(x, weight + first, y, Length, epsilon);
    }

    /// <summary>Whether it normalizes rows that stand by features.</summary>
    public bool TakesFeatures => !Centered && Groups == 1;

    /// <summary>Normalizes rows that stand by features.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="y">The result.</param>
    /// <param name="rows">A multiple of 8.</param>
    /// <exception cref="NotSupportedException">It does not take features.</exception>
    public void Features(float* x, float* y, int rows)
    {
        if (!TakesFeatures)
            throw new NotSupportedException(Description);
        GroupFeatures(0, x, y, rows);
    }

    /// <summary>Whether it normalizes a group of rows that stand by features.</summary>
    public bool TakesGroupFeatures => !Centered;

    /// <summary>As <see cref="Group"/> of rows that stand by features.</summary>
    /// <param name="group">The group's number.</param>
    /// <param name="x">The group: feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="y">The result.</param>
    /// <param name="rows">A multiple of 8.</param>
    /// <exception cref="NotSupportedException">It does not take features.</exception>
    public void GroupFeatures(int group, float* x, float* y, int rows)
    {
        if (!TakesGroupFeatures)
            throw new NotSupportedException(Description);
        RmsNorm.Features(x, weight + (shared ? 0 : (long)group * Length), y, Length, rows, epsilon);
    }
}
