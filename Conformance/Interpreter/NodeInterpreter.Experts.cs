namespace Tessera.Conformance.Interpreter;

/// <summary>Mixtures of experts, one row and one expert after the other.</summary>
internal sealed unsafe partial class NodeInterpreter
{
    private void Experts(MixtureOfExpertsNode n, int row)
    {
        int inner = (int)n.Down.Shape[2], width = (int)n.Gate.Shape[2];
        ReadOnlySpan<double> x = Row(n.Input, row);
        Span<double> y = Row(n.Output, row);
        double[] gate = new double[inner], up = new double[inner], down = new double[width], both = new double[2 * inner];
        y.Clear();
        foreach ((int expert, double weight) in ExpertChoice.Choose(Row(n.Router, row), Optional(n.SelectionBias), n.Routing))
        {
            if (n.Rows == GateUpRows.Separate)
            {
                Formulas.Product(Part(n.Gate, expert), Part(n.GateBias, expert), x, gate);
                Formulas.Product(Part(n.Up, expert), Part(n.UpBias, expert), x, up);
            }
            else
            {
                Formulas.Product(Part(n.Gate, expert), Part(n.GateBias, expert), x, both);
                for (int i = 0; i < inner; i++)
                    (gate[i], up[i]) = n.Rows == GateUpRows.GateFirst ? (both[i], both[inner + i]) : (both[2 * i], both[2 * i + 1]);
            }
            for (int i = 0; i < inner; i++)
                gate[i] = Nonlinearities.Gate(n.Activation, gate[i], up[i], n.Limit);
            Formulas.Product(Part(n.Down, expert), Part(n.DownBias, expert), gate, down);
            for (int i = 0; i < width; i++)
                y[i] += weight * down[i];
        }
    }

    // One expert's share of a tensor whose first dimension is the experts'.
    private ReadOnlySpan<float> Part(WeightTensor? weight, int expert)
    {
        ReadOnlySpan<float> all = Optional(weight);
        int length = weight is null ? 0 : all.Length / (int)weight.Shape[0];
        return all.Slice(expert * length, length);
    }
}
