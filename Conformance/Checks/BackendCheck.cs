using System.Diagnostics;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Checks;

/// <summary>Runs a backend beside the float64 reference: the same random tiny model, the same batches.</summary>
public static unsafe class BackendCheck
{
    /// <summary>Compares all outputs of a whole model.</summary>
    /// <param name="candidate">The backend to check.</param>
    /// <param name="shape">The model.</param>
    /// <param name="quantizations">f32 and the shape's quantization; null: f32 alone.</param>
    /// <param name="team">The team for the candidate; null: one lane.</param>
    /// <exception cref="ArgumentException">The shape asks for what the quantizations do not have.</exception>
    /// <exception cref="TesseraException">The candidate refuses the graph or a batch, or gives a batch up.</exception>
    public static CheckReport Compare(IKernelBackend candidate, CheckShape shape, IQuantizationRegistry? quantizations = null, IWorkTeam? team = null)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(shape);
        quantizations ??= new QuantizationRegistry(new F32());
        using CheckModel model = new(shape, quantizations);
        return Compare(candidate, shape, model.Graph, quantizations, team);
    }

    /// <summary>Compares all outputs of the first nodes of a model; the last one's output is the hidden state, unless they are all.</summary>
    /// <param name="candidate">The backend to check.</param>
    /// <param name="shape">The model; f32.</param>
    /// <param name="nodes">How many.</param>
    /// <exception cref="TesseraException">The candidate refuses the graph or a batch, or gives a batch up.</exception>
    public static CheckReport Beginning(IKernelBackend candidate, CheckShape shape, int nodes)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(shape);
        QuantizationRegistry quantizations = new(new F32());
        using CheckModel model = new(shape, quantizations);
        return Compare(candidate, shape, nodes == model.NodeCount ? model.Graph : model.Prefix(nodes), quantizations, team: null);
    }

    /// <summary>Names the first node whose output is too far from the reference's, by running ever longer beginnings of the graph; for the message of a failed check.</summary>
    /// <param name="candidate">The backend to check.</param>
    /// <param name="shape">The model.</param>
    /// <param name="maxRelative">The relative difference that is allowed.</param>
    /// <param name="quantizations">f32 and the shape's quantization; null: f32 alone.</param>
    /// <param name="team">The team for the candidate; null: one lane.</param>
    /// <returns>The node and its difference; or that all nodes agree; beginnings that the candidate refuses are passed over and counted.</returns>
    public static string Locate(IKernelBackend candidate, CheckShape shape, double maxRelative, IQuantizationRegistry? quantizations = null, IWorkTeam? team = null)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(shape);
        quantizations ??= new QuantizationRegistry(new F32());
        using CheckModel model = new(shape, quantizations);
        int refused = 0;
        string passedOver = "";
        for (int nodes = 1; nodes <= model.NodeCount; nodes++)
        {
            ModelGraph graph = nodes == model.NodeCount ? model.Graph : model.Prefix(nodes);
            try
            {
                CheckReport report = Compare(candidate, shape, graph, quantizations, team);
                if (report.MaxRelative > maxRelative)
                    return $"node '{graph.Nodes[^1].Name}' ({graph.Nodes[^1].Operation}): {report.Worst}{passedOver}";
            }
            catch (TesseraException e)
            {
                passedOver = $"; {++refused} shorter graphs were refused, the last with: {e.Message}";
            }
        }
        return $"every node is within {maxRelative}{passedOver}";
    }

    /// <summary>Compares all outputs of a graph; of the shape counts what says how the batches are.</summary>
    internal static CheckReport Compare(IKernelBackend candidate, CheckShape shape, ModelGraph graph, IQuantizationRegistry quantizations, IWorkTeam? team = null)
    {
        using CheckScript script = new(shape, graph);
        using InlineWorkTeam inline = new();
        BackendRequest request = new() { Graph = graph, Limits = script.Limits, Team = team ?? inline, Quantizations = quantizations, KvBudget = new FixedBudget() };
        using IModelRuntime reference = new ReferenceBackend().Build(request);
        using IModelRuntime checkedRuntime = candidate.Build(request);
        Grow(reference, script);
        Grow(checkedRuntime, script);
        BestCheck? best = BestCheck.Of(checkedRuntime);
        CheckReport report = new(0, 0, 0, "no difference");
        foreach (string step in script.Steps())
        {
            Batch batch = script.Batch;
            Run(reference, batch, step);
            best?.Ask(batch);
            Run(checkedRuntime, batch, step);
            int rows = 0, logits = 0, chosen = 0, hidden = 0, pooled = 0;
            for (int row = 0; row < batch.RowCount; row++)
            {
                string where = $"step '{step}', row {row} (slot {batch.Slots[row]}, cache index {batch.CacheIndices[row]})";
                if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
                    report = Add(report, reference.Hidden(hidden), checkedRuntime.Hidden(hidden++), graph.Hidden.Width, $"{where}, hidden state");
                if ((batch.Outputs[row] & RowOutputs.Pooled) != 0)
                    report = Add(report, Pooled(reference, pooled), Pooled(checkedRuntime, pooled++), graph.Pooled!.Width, $"{where}, pooled vector");
                if ((batch.Outputs[row] & (RowOutputs.Logits | RowOutputs.Best)) == 0)
                    continue;
                float* expected = reference.Logits(rows++), own = null;
                if ((batch.Outputs[row] & RowOutputs.Logits) != 0)
                    report = Add(report, expected, own = checkedRuntime.Logits(logits++), graph.VocabularySize, $"{where}, logits");
                if ((batch.Outputs[row] & RowOutputs.Best) != 0)
                    report = AddBest(report, best!, chosen++, batch.BestCounts[row], expected, own, graph.VocabularySize, $"{where}, best tokens");
            }
            batch.Clear();
        }
        return report;
    }

    private static float* Pooled(IModelRuntime runtime, int output) =>
        runtime is IPoolingRuntime pools ? pools.Pooled(output) : throw new TesseraException($"the backend took a graph that pools, and its runtime is no {nameof(IPoolingRuntime)}");

    private static void Grow(IModelRuntime runtime, CheckScript script)
    {
        // In two parts, so that the candidate's second slab is met too.
        for (int g = 0; g < script.Batch.GroupCount; g++)
            if (!runtime.TryGrow(g, script.Blocks / 2) || !runtime.TryGrow(g, script.Blocks - script.Blocks / 2))
                throw new TesseraException($"TryGrow refused {script.Blocks} blocks of group {g} within an unlimited budget");
    }

    private static void Run(IModelRuntime runtime, Batch batch, string step)
    {
        runtime.Submit(batch);
        if (!runtime.Wait())
            throw new TesseraException($"step '{step}' was given up, and nobody asked for that");
    }

    private static CheckReport AddBest(CheckReport report, BestCheck best, int output, int wanted, float* reference, float* own, int width, string where)
    {
        if (own is not null && best.Problem(output, wanted, new(own, width)) is { } problem)
            return report with { MaxAbsolute = double.PositiveInfinity, MaxRelative = double.PositiveInfinity, Worst = $"{where}: {problem}" };
        (float[] expected, float[] found, int count) = best.Values(output, wanted, new(reference, width));
        fixed (float* e = expected, f = found)
            return Add(report, e, f, count, where);
    }

    private static CheckReport Add(CheckReport report, float* reference, float* candidate, int width, string where)
    {
        double absolute = 0, largest = 0;
        int worst = 0;
        for (int i = 0; i < width; i++)
        {
            if (!float.IsFinite(reference[i]))
                throw new UnreachableException($"{where}: the reference has {reference[i]} at {i}");
            double difference = Math.Abs((double)candidate[i] - reference[i]);
            if (!double.IsFinite(difference))
                difference = double.PositiveInfinity;
            largest = Math.Max(largest, Math.Abs(reference[i]));
            if (difference > absolute)
                (absolute, worst) = (difference, i);
        }
        double relative = absolute == 0 ? 0 : absolute / largest;
        return new CheckReport(
            Math.Max(report.MaxAbsolute, absolute),
            Math.Max(report.MaxRelative, relative),
            report.Outputs + 1,
            relative > report.MaxRelative ? $"{where}, element {worst}: expected {reference[worst]}, found {candidate[worst]} (relative {relative:g3})" : report.Worst);
    }
}
