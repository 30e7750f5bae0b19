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

    /// <summary>Normalizes rows that stand by features.</summary>
    /// <param name="x">Feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="y">The result.</param>
    /// <param name="rows">A multiple of 8.</param>
    public void Features(float* x, float* y, int rows)
    {
        for (int g = 0; g < Groups; g++, x += (long)Length * rows, y += (long)Length * rows)
            GroupFeatures(g, x, y, rows);
    }

    /// <summary>As <see cref="Group"/> of rows that stand by features.</summary>
    /// <param name="group">The group's number.</param>
    /// <param name="x">The group: feature after feature, each with <paramref name="rows"/> elements.</param>
    /// <param name="y">The result.</param>
    /// <param name="rows">A multiple of 8.</param>
    public void GroupFeatures(int group, float* x, float* y, int rows)
    {
        long first = shared ? 0 : (long)group * Length;
        if (Centered)
            LayerNorm.Features(x, weight + first, Bias == null ? null : Bias + first, y, Length, rows, epsilon);
        else
            RmsNorm.Features(x, weight + first, y, Length, rows, epsilon);
    }
}
