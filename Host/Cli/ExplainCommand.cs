using System.CommandLine;
using System.Globalization;
using Tessera.Engine;
using Tessera.Engine.Speculation;
using Tessera.Host.Configuration;

namespace Tessera.Host.Cli;

/// <summary><c>tessera explain</c>: what each part of a loaded model got.</summary>
internal static class ExplainCommand
{
    private static readonly TimeSpan CalibrationTime = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Command command = new("explain", "Loads a model and says which plugin, kernel and fallback each part of it got.") { model, config };
        command.Do((result, _) => RunAsync(result.GetValue(model)!, result.GetValue(config)));
        return command;
    }

    private static async Task<int> RunAsync(string model, string? config)
    {
        await using HostSession session = HostSession.Open(config, model);
        Composition composition = session.Build(session.Model);
        await using ModelEngine engine = new(composition, new EngineOptions { MaxBatchTokens = composition.Limits.MaxRows, MaxSequences = composition.Limits.MaxSequences }, TimeProvider.System);
        RuntimeLimits limits = composition.Limits;
        Console.WriteLine($"model       {composition.Name}: {composition.Source.Metadata.Architecture}, {composition.Source.Format}, {composition.Source.Tensors.Length} tensors, {composition.Source.Tensors.Sum(t => t.Bytes) / 1e6:F1} MB");
        foreach (Plugins.PluginGeneration plugin in session.Plugins.Generations.Where(g => g.Leases > 0))
            Console.WriteLine($"plugin      {plugin.Id} {plugin.Version}");
        Console.WriteLine($"context     {limits.MaxContext} tokens, KV {limits.KvType}, {limits.BlockTokens} tokens a block, {BlockBytes(composition) / 1024.0:F1} KiB a block");
        Console.WriteLine($"step        at most {limits.MaxRows} rows, {limits.MaxSequences} sequences; scratch {composition.Runtime.ScratchBytes / 1e6:F1} MB");
        foreach (string refusal in composition.Refusals)
            Console.WriteLine($"fallback    {refusal}");
        foreach (string line in composition.Runtime.Explain())
            Console.WriteLine(line);
        engine.Calibrate(CalibrationTime);
        if (engine.Speculation is { } speculation)
            foreach (string line in Drafts(session.Model, composition, speculation))
                Console.WriteLine(line);
        return Terminal.Done;
    }

    /// <summary>Where drafts come from, and how their length is chosen: the formula, what a step was measured to take just now, what is assumed of acceptance before anything is known, and what follows.</summary>
    private static IEnumerable<string> Drafts(ModelConfiguration model, Composition composition, SpeculationReport report)
    {
        yield return $"decoding    {model.Decoding}: {string.Join(", ", report.Sources)}; at most {composition.Strategy!.MaxDraft} draft tokens";
        yield return $"draft model {(composition.Draft is { } draft ? $"{Path.GetFileName(model.Draft)}: {draft.Source.Metadata.Architecture}, {draft.Source.Tensors.Sum(t => t.Bytes) / 1e6:F1} MB, {report.DraftMilliseconds:F2} ms a batch" : "none")}";
        yield return $"formula     {SpeculationReport.Formula}";
        yield return $"step        {Row(report.StepMilliseconds, "F2")} ms at 0, 1, … draft rows, {report.Batch} sequence";
        for (int i = 0; i < report.Sources.Count; i++)
        {
            yield return $"acceptance  {report.Sources[i]}: {Row(report.Acceptance[i], "F2")} by position (assumed until drafts were verified)";
            yield return $"            {report.Sources[i]}: {Row(report.AgreedAcceptance[i], "F2")} where {string.Join(' ', SpeculationReport.Agreements)} tokens agree with where the draft comes from";
            yield return $"tokens/s    {report.Sources[i]}: {Row(report.Rates[i], "F1")} at 0, 1, … draft tokens; best: {Array.IndexOf(report.Rates[i], report.Rates[i].Max())}";
        }
    }

    private static string Row(double[] values, string format) => string.Join(' ', values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)));

    private static long BlockBytes(Composition composition) =>
        Enumerable.Range(0, composition.Graph.CacheGroups.Count).Sum(composition.Runtime.BlockBytes);
}
