using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>A small random model on a backend: the whole of its graph, or the longest beginning that the backend takes.</summary>
internal sealed class BackendSession : IDisposable
{
    private readonly CheckModel _model;
    private readonly InlineWorkTeam _team;

    private BackendSession(CheckModel model, InlineWorkTeam team, ModelGraph graph, CheckScript script, IModelRuntime runtime) =>
        (_model, _team, Graph, Script, Runtime) = (model, team, graph, script, runtime);

    public ModelGraph Graph { get; }

    public CheckScript Script { get; }

    public IModelRuntime Runtime { get; }

    /// <summary>Builds the model.</summary>
    /// <exception cref="UnsupportedModelException">The backend refuses every beginning of it.</exception>
    public static BackendSession Open(IKernelBackend backend, CheckShape shape)
    {
        QuantizationRegistry quantizations = new(new F32());
        CheckModel model = new(shape, quantizations);
        InlineWorkTeam team = new();
        try
        {
            for (int nodes = model.NodeCount; ; nodes--)
                if (TryBuild(backend, shape, nodes == model.NodeCount ? model.Graph : model.Prefix(nodes), team, quantizations, last: nodes == 1) is { } built)
                    return new BackendSession(model, team, built.Graph, built.Script, built.Runtime);
        }
        catch
        {
            model.Dispose();
            team.Dispose();
            throw;
        }
    }

    /// <summary>Computes the batch as it is.</summary>
    public void Run(string step)
    {
        Runtime.Submit(Script.Batch);
        if (!Runtime.Wait())
            throw new TesseraException($"step '{step}' was given up, and nobody asked for that");
    }

    public void Dispose()
    {
        Runtime.Dispose();
        Script.Dispose();
        _model.Dispose();
        _team.Dispose();
    }

    private static (ModelGraph Graph, CheckScript Script, IModelRuntime Runtime)? TryBuild(IKernelBackend backend, CheckShape shape, ModelGraph graph, IWorkTeam team, IQuantizationRegistry quantizations, bool last)
    {
        CheckScript script = new(shape, graph);
        try
        {
            IModelRuntime runtime = backend.Build(new BackendRequest { Graph = graph, Limits = script.Limits, Team = team, Quantizations = quantizations, KvBudget = new FixedBudget() });
            for (int g = 0; g < script.Batch.GroupCount; g++)
                if (!runtime.TryGrow(g, script.Blocks))
                    throw new TesseraException($"TryGrow refused {script.Blocks} blocks of group {g} within an unlimited budget");
            return (graph, script, runtime);
        }
        catch (UnsupportedModelException) when (!last)
        {
            script.Dispose();
            return null;
        }
        catch
        {
            script.Dispose();
            throw;
        }
    }
}
