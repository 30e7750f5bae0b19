using Tessera.Engine;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>What a model needs of a swap.</summary>
internal enum SwapNeed
{
    /// <summary>Nothing: it has no part in it.</summary>
    None,
    /// <summary>A composition, if one can be built: it has none that answers.</summary>
    Wanted,
    /// <summary>A composition; without it there is no swap.</summary>
    Required,
}

/// <summary>Puts another set of plugins in use: first every composition that it takes is built, while the old ones answer and no other is built; then the journal is written; then all of them take their places, or none.</summary>
internal sealed class PluginSwap(PluginHost plugins, ModelRegistry models)
{
    /// <summary>Swaps.</summary>
    /// <param name="next">The set.</param>
    /// <param name="need">What each model needs; asked when no other composition of it is being built.</param>
    /// <param name="drain">How long old compositions may go on.</param>
    /// <param name="trial">Plugins whose probation begins.</param>
    /// <param name="journal">Writes down what is about to be in use, once nothing else can fail any more.</param>
    /// <returns>The models that have a new composition, and how long the steps of their old ones took.</returns>
    /// <exception cref="TesseraException">A required composition could not be built, or the journal not be written; everything is as it was.</exception>
    public async Task<IReadOnlyList<(ServedModel Model, StepTimes? Times)>> RunAsync(IReadOnlyList<PluginGeneration> next, Func<ServedModel, SwapNeed> need, TimeSpan drain, IReadOnlyList<PluginGeneration> trial, Action journal)
    {
        CompositionBuilder builder = models.Services.Builder.With(null, next);
        List<PreparedEngine> prepared = [];
        try
        {
            foreach (ServedModel model in models.Models)
                prepared.Add(await model.PrepareAsync(builder, model.Configuration, share: true, CancellationToken.None, () => need(model)).ConfigureAwait(false));
            journal();
            plugins.Set(next);
            return Commit(prepared, drain, trial);
        }
        finally
        {
            prepared.ForEach(p => p.Dispose());
        }
    }

    /// <summary>Lets prepared compositions answer.</summary>
    public static IReadOnlyList<(ServedModel Model, StepTimes? Times)> Commit(IEnumerable<PreparedEngine> prepared, TimeSpan drain, IReadOnlyList<PluginGeneration> trial)
    {
        List<(ServedModel, StepTimes?)> swapped = [];
        foreach (PreparedEngine engine in prepared.Where(p => p.HasEngine))
            try
            {
                StepTimes? times = engine.Model.Current?.Times;
                engine.Commit(drain, trial);
                swapped.Add((engine.Model, times));
            }
            catch (EngineDrainingException)
            {
                // The server is stopping, and this model has closed already.
            }
        return swapped;
    }
}
