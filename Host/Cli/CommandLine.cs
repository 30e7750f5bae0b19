using System.CommandLine;

namespace Tessera.Host.Cli;

/// <summary>The commands of <c>tessera</c>.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>0: done; 1: an error; 2: wrong usage or configuration.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = new("Tessera: an LLM runtime for .NET.")
        {
            ServeCommand.Create(), RunCommand.Create(), ChatCommand.Create(),
            ListCommand.Create(), ShowCommand.Create(), ExplainCommand.Create(),
            TokenizeCommand.Create(), DetokenizeCommand.Create(), TemplateCommand.Create(), LogitsCommand.Create(), PerplexityCommand.Create(), EmbedCommand.Create(), RerankCommand.Create(),
            ConvertCommand.Create(), QuantizeCommand.Create(), MetalSelfTestCommand.Create(),
            Packages.PluginsCommand.Create(),
        };
        // `tessera help serve` is what people type first.
        if (args is ["help", ..])
            args = [.. args[1..], "--help"];
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
                await Console.Error.WriteLineAsync($"tessera: {error.Message}").ConfigureAwait(false);
            await Console.Error.WriteLineAsync("see tessera --help").ConfigureAwait(false);
            return Terminal.Usage;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }
}
