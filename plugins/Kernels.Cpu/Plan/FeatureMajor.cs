using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>
/// How the values between products stand while a step has many rows: in panels of up to <paramref name="width"/> rows, feature after feature, each with an element of every row of the panel.
/// That is how tiles make their sums and read their activations, so that nothing is turned between one product and the next. A panel's rows that are not there have elements too; no row that is there depends on them.
/// </summary>
/// <param name="width">Rows of a panel; the last one has <see cref="TileKernel.WidthOf"/> those that are left.</param>
/// <param name="leastRows">From so many rows of a step on.</param>
internal sealed class FeatureMajor(int width, int leastRows)
{
    /// <summary>Rows of a panel.</summary>
    public int Width { get; } = width;

    /// <summary>From so many rows of a step on values stand so.</summary>
    public int LeastRows { get; } = leastRows;

    /// <summary>Whether they do in the running step.</summary>
    public bool IsActive => Rows >= LeastRows;

    /// <summary>Rows of the running step.</summary>
    public int Rows { get; set; }

    /// <summary>Panels of the running step.</summary>
    public int Panels => (Rows + Width - 1) / Width;

    /// <summary>Rows of a panel that are there.</summary>
    public int Count(int panel) => Math.Min(Width, Rows - panel * Width);

    /// <summary>Rows that a panel has room for: elements of a feature.</summary>
    public int WidthOf(int panel) => TileKernel.WidthOf(Count(panel), Width);
}
