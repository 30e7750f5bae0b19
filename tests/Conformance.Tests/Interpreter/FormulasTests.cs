using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Interpreter;

/// <summary>Formulas against values that were worked out by hand.</summary>
public sealed class FormulasTests
{
    [Fact]
    public void RmsNorm_divides_by_the_root_of_the_mean_square()
    {
        double[] y = new double[2];
        Formulas.RmsNorm([3, 4], [1, 2], 0, y); // mean square 12.5
        Near([3 / Math.Sqrt(12.5), 8 / Math.Sqrt(12.5)], y);
        Formulas.RmsNorm([0, 0], [1, 1], 0.25, y);
        Near([0, 0], y);
        Formulas.RmsNorm([1, 1], [1, 1], 3, y); // √(1 + 3) = 2
        Near([0.5, 0.5], y);
    }

    [Fact]
    public void Rope_turns_neighbours_by_position_times_frequency()
    {
        double[] y = new double[4];
        Formulas.Rope([1, 0, 0, 1], new RopeTable(RopePairing.Interleaved, [(float)(Math.PI / 2), (float)(Math.PI / 4)], 1), 1, y);
        Near([0, 1, -Math.Sqrt(0.5), Math.Sqrt(0.5)], y);
    }

    [Fact]
    public void Rope_turns_halves_and_passes_the_rest()
    {
        double[] y = new double[6];
        Formulas.Rope([1, 2, 3, 4, 5, 6], new RopeTable(RopePairing.Halves, [(float)Math.PI, 0], 2), 1, y);
        Near([-2, 4, -6, 8, 5, 6], y); // pair (1, 3) turned by π, pair (2, 4) by 0, both doubled
    }

    [Fact]
    public void Rope_at_position_0_changes_nothing()
    {
        double[] y = new double[4];
        Formulas.Rope([1, 2, 3, 4], new RopeTable(RopePairing.Interleaved, [1, 0.1f], 1), 0, y);
        Assert.Equal([1, 2, 3, 4], y);
    }

    [Fact]
    public void Softmax_is_a_distribution_and_does_not_overflow()
    {
        double[] x = [Math.Log(1) + 900, Math.Log(2) + 900, Math.Log(5) + 900];
        Formulas.Softmax(x);
        Near([0.125, 0.25, 0.625], x);
    }

    [Fact]
    public void Silu_has_its_known_values()
    {
        Near([0, 0.7310585786300049, -0.2689414213699951], [Formulas.Silu(0), Formulas.Silu(1), Formulas.Silu(-1)]);
        Assert.Equal(0, Formulas.Silu(-1000));
    }

    private static void Near(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 1e-6);
    }
}
