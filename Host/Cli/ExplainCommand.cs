using System.CommandLine;
using Tessera.Engine;

namespace Tessera.Host.Cli;

/// <summary><c>tessera explain</c>: what each part of a loaded model got.</summary>
internal static class ExplainCommand
{
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
        using Composition composition = session.Build(session.Model);
        RuntimeLimits limits = composition.Limits;
        Console.WriteLine($"model       {composition.Name}: {composition.Source.Metadata.Architecture}, {composition.Source.Format}, {composition.Source.Tensors.Length} tensors, {composition.Source.Tensors.Sum(t => t.Bytes) / 1e6:F1} MB");
        foreach (Plugins.PluginGeneration plugin in session.Plugins.Generations.Where(g => g.Leases > 0))
            Console.WriteLine($"plugin      {plugin.Id} {plugin.Version}");
        Console.WriteLine($"context     {limits.MaxContext} tokens, KV {limits.KvType}, {limits.BlockTokens} tokens a block, {BlockBytes(composition) / 1024.0:F1} KiB a block");
        Console.WriteLine($"step        at most {limits.MaxRows} rows, {limits.MaxSequences} sequences; scratch {composition.Runtime.ScratchBytes / 1e6:F1} MB");
        foreach (string line in composition.Runtime.Explain())
            Console.WriteLine(line);
        return Terminal.Done;
    }

    private static long BlockBytes(Composition composition) =>
        Enumerable.Range(0, composition.Graph.CacheGroups.Count).Sum(composition.Runtime.BlockBytes);
}
