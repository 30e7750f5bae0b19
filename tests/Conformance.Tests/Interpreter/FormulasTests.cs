using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Interpreter;

/// <summary>Formulas against values that were worked out by hand.</summary>
public sealed class FormulasTests
{
    [Fact]
    public void RmsNorm_divides_by_the_root_of_the_mean_square()
    {
        double[] y = new double[2];
        Formulas.RmsNorm([3, 4], [1, 2], 1, false, 0, y); // mean square 12.5
        Near([3 / Math.Sqrt(12.5), 8 / Math.Sqrt(12.5)], y);
        Formulas.RmsNorm([0, 0], [1, 1], 1, false, 0.25, y);
        Near([0, 0], y);
        Formulas.RmsNorm([1, 1], [1, 1], 1, false, 3, y); // √(1 + 3) = 2
        Near([0.5, 0.5], y);
    }

    [Fact]
    public void Rope_turns_neighbours_by_position_times_frequency()
    {
        double[] y = new double[4];
        Rotations.Rotate([1, 0, 0, 1], new RopeTable(RopePairing.Interleaved, [(float)(Math.PI / 2), (float)(Math.PI / 4)], 1), 0, 1, 0, y);
        Near([0, 1, -Math.Sqrt(0.5), Math.Sqrt(0.5)], y);
    }

    [Fact]
    public void Rope_turns_halves_and_passes_the_rest()
    {
        double[] y = new double[6];
        Rotations.Rotate([1, 2, 3, 4, 5, 6], new RopeTable(RopePairing.Halves, [(float)Math.PI, 0], 2), 0, 1, 0, y);
        Near([-2, 4, -6, 8, 5, 6], y); // pair (1, 3) turned by π, pair (2, 4) by 0, both doubled
    }

    [Fact]
    public void Rope_at_position_0_changes_nothing()
    {
        double[] y = new double[4];
        Rotations.Rotate([1, 2, 3, 4], new RopeTable(RopePairing.Interleaved, [1, 0.1f], 1), 0, 0, 0, y);
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
    public void Grouped_norms_have_a_mean_for_each_group()
    {
        double[] y = new double[4];
        Formulas.RmsNorm([3, 4, 1, 1], [1, 2], 2, false, 0, y); // mean squares 12.5 and 1
        Near([3 / Math.Sqrt(12.5), 8 / Math.Sqrt(12.5), 1, 2], y);
        Formulas.RmsNorm([3, 4, 1, 1], [0, 1, 2, 3], 2, true, 0, y);
        Near([3 / Math.Sqrt(12.5), 8 / Math.Sqrt(12.5), 3, 4], y);
        Formulas.LayerNorm([1, 3, 10, 20], [2, 3], [0.5f, -0.5f], 2, 0, y); // ±1 in each group
        Near([-1.5, 2.5, -1.5, 2.5], y);
    }

    [Fact]
    public void LayerNorm_takes_the_mean_away_and_divides_by_the_deviation()
    {
        double[] y = new double[4];
        Formulas.LayerNorm([1, 1, 5, 5], [1, 2, 1, 2], [], 1, 0, y); // mean 3, variance 4
        Near([-1, -2, 1, 2], y);
        Formulas.LayerNorm([1, 1, 5, 5], [1, 1, 1, 1], [1, 2, 3, 4], 1, 12, y); // √(4 + 12) = 4
        Near([0.5, 1.5, 3.5, 4.5], y);
    }

    [Fact]
    public void Rope_starts_at_its_offset()
    {
        double[] y = new double[5];
        Rotations.Rotate([1, 2, 3, 4, 5], new RopeTable(RopePairing.Interleaved, [(float)Math.PI], 1), 2, 1, 0, y);
        Near([1, 2, -3, -4, 5], y);
    }

    [Fact]
    public void A_long_sequence_takes_the_long_frequencies_and_magnitude()
    {
        double[] y = new double[2];
        RopeTable table = new(RopePairing.Halves, [0], 1) { Long = new LongRope(100, [(float)Math.PI], 3) };
        Rotations.Rotate([1, 2], table, 0, 1, 100, y);
        Near([1, 2], y);
        Rotations.Rotate([1, 2], table, 0, 1, 101, y);
        Near([-3, -6], y);
    }

    [Fact]
    public void A_stretch_changes_the_base_with_the_planned_length()
    {
        RopeTable table = new(RopePairing.Halves, [7, 7], 1) { Stretch = new RopeStretch(100, 2, 10) };
        Near([7, 7], [Rotations.Frequency(table, 0, 10), Rotations.Frequency(table, 1, 0)]);
        // Planned for 40: 2 · 40 / 10 − 1 = 7, and 7² · 100 = 4900, whose root is 70.
        Near([1, 1 / 70.0], [Rotations.Frequency(table, 0, 40), Rotations.Frequency(table, 1, 40)]);
    }

    [Fact]
    public void A_soft_cap_bends_and_bounds()
    {
        Near([5 * Math.Tanh(0.4), 5, -5, 17], [Formulas.SoftCap(2, 5), Formulas.SoftCap(1000, 5), Formulas.SoftCap(-1000, 5), Formulas.SoftCap(17, 0)]);
    }

    [Fact]
    public void Nonlinearities_have_their_known_values()
    {
        Near([0, 0.7310585786300049, -0.2689414213699951], [Silu(0), Silu(1), Silu(-1)]);
        Assert.Equal(0, Silu(-1000));
        // Φ(1) = 0.8413447460685429, erf(0.5) = 0.5204998778130465, erf(3) = 0.9999779095030014.
        Near([0, 0.8413447460685429, -0.15865525393145705], [Apply(Activation.Gelu, 0), Apply(Activation.Gelu, 1), Apply(Activation.Gelu, -1)]);
        Near([0.5204998778130465, -0.9999779095030014, 1, -1], [Nonlinearities.Erf(0.5), Nonlinearities.Erf(-3), Nonlinearities.Erf(7), Nonlinearities.Erf(double.NegativeInfinity)]);
        Assert.True(double.IsNaN(Nonlinearities.Erf(double.NaN)));
        Near([0.8411919906082768, 1.954597694087775], [Apply(Activation.GeluTanh, 1), Apply(Activation.GeluTanh, 2)]);

        double Silu(double x) => Apply(Activation.Silu, x);
        double Apply(Activation activation, double x) => Nonlinearities.Apply(activation, x);
    }

    [Fact]
    public void Gates_multiply_and_the_clamped_one_clamps()
    {
        Near([0.7310585786300049 * 3], [Nonlinearities.Gate(Activation.Silu, 1, 3, 0)]);
        // g = 2 of 5 (limit 2): 2 · sigmoid(3.404) · (up + 1).
        double two = 2 / (1 + Math.Exp(-3.404)), ten = -10 / (1 + Math.Exp(17.02));
        Near([two * 1.5, two * 3, two * -1, ten * 2], [Clamped(5, 0.5), Clamped(5, 9), Clamped(5, -9), Clamped(-10, 1)]);

        double Clamped(double gate, double up) => Nonlinearities.Gate(Activation.ClampedSwiGlu, gate, up, 2);
    }

    private static void Near(double[] expected, double[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 1e-6);
    }
}
