using System.CommandLine;
using System.Globalization;
using Tessera.Engine;
using Tessera.Engine.Speculation;

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
        Composition composition = session.Build(session.Model, needsTokenizer: false);
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
            foreach (string line in Drafts(session, composition, speculation))
                Console.WriteLine(line);
        return Terminal.Done;
    }

    /// <summary>Where drafts come from, and how their length is chosen: the formula, what a step was measured to take just now, what is assumed of acceptance before anything is known, and what follows for one sequence.</summary>
    private static IEnumerable<string> Drafts(HostSession session, Composition composition, SpeculationReport report)
    {
        yield return $"decoding    {session.Model.Decoding}: {string.Join(", ", report.Sources.Select(s => s.MaxDraft == 0 ? $"{s.Name} (there is no draft model)" : $"{s.Name} (at most {s.MaxDraft} tokens)"))}";
        if (!session.Configuration.Engine.TuneDrafts)
            yield return "            engine.tuneDrafts is false: whatever is proposed is verified, and nothing of this is chosen by";
        yield return $"draft model {(composition.Draft is { } draft ? $"{Path.GetFileName(session.Model.Draft)}: {draft.Source.Metadata.Architecture}, {draft.Source.Tensors.Sum(t => t.Bytes) / 1e6:F1} MB, {report.DraftMilliseconds:F2} ms a batch" : "none")}";
        foreach (string sentence in SpeculationReport.Formula)
            yield return $"formula     {sentence}";
        yield return $"step        {Row(report.StepMilliseconds, "F2")} ms at 0, 1, … draft rows, {report.Batch} sequence";
        yield return FormattableString.Invariant($"account     {report.AccountMilliseconds:F2} ms to begin with");
        foreach (SourceReport source in report.Sources.Where(s => s.MaxDraft > 0))
            foreach (string line in source.Outlooks is [{ Agreed: 0 } only] ? ByPlace(source, only) : ByAgreement(source))
                yield return line;
    }

    private static IEnumerable<string> ByPlace(SourceReport source, DraftOutlook outlook)
    {
        yield return $"acceptance  {source.Name}: {Row(source.Acceptance, "F2")} by place in the draft (assumed until drafts were verified)";
        yield return $"tokens/s    {source.Name}: {Row(outlook.TokensPerSecond, "F1")} at 0, 1, … draft tokens; chosen: {outlook.Rows}";
    }

    private static IEnumerable<string> ByAgreement(SourceReport source)
    {
        yield return $"acceptance  {source.Name}: {Row([.. source.Outlooks.Select(o => o.Acceptance)], "F2")} where {string.Join(' ', source.Outlooks.Select(o => o.Agreed))} tokens agree with where the draft comes from (assumed until drafts were verified)";
        yield return $"chosen      {source.Name}: {string.Join(' ', source.Outlooks.Select(o => o.Rows))} draft tokens there, for {Row([.. source.Outlooks.Select(o => o.Expected)], "F1")} tokens/s";
    }

    private static string Row(double[] values, string format) => string.Join(' ', values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)));

    private static long BlockBytes(Composition composition) =>
        Enumerable.Range(0, composition.Graph.CacheGroups.Count).Sum(composition.Runtime.BlockBytes);
}
