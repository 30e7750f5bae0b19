using System.CommandLine;
using Tessera.Host.Configuration;
using Tessera.Host.Serving;

namespace Tessera.Host.Cli;

/// <summary><c>tessera serve</c>: the REST API.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        Option<string?> config = CommandParts.Config();
        Option<string?> model = new("--model") { Description = "A configured model's name, or the path of a model file or folder: becomes the default model.", HelpName = "NAME|PATH" };
        Option<string[]> urls = new("--urls") { Description = "Where to listen, instead of server.urls.", HelpName = "URL", AllowMultipleArgumentsPerToken = true };
        Option<bool> verbose = new("--verbose") { Description = "Logs more." };
        Command command = new("serve", "Serves the configured models over REST.") { config, model, urls, verbose };
        command.Do((result, cancellation) => RunAsync(result.GetValue(config), result.GetValue(model), result.GetValue(urls) ?? [], result.GetValue(verbose), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? config, string? model, string[] urls, bool verbose, CancellationToken cancellation)
    {
        HostConfiguration Read()
        {
            // A path on the command line is served alone: the configured models may not even be there.
            HostConfiguration read = new ConfigurationLoader { RequireModelFiles = model is null }.Load(config);
            if (model is not null)
            {
                read = read.WithModel(model, Directory.GetCurrentDirectory());
                read = read with { Models = read.Models with { List = [.. read.Models.List.Where(m => m.Name == read.Models.Default)] } };
            }
            return urls.Length > 0 ? read with { Server = read.Server with { Urls = urls } } : read;
        }
        HostConfiguration configuration = Read();
        using ProgressLine progress = new();
        HostServer server = await HostServer.StartAsync(configuration, AppContext.BaseDirectory, verbose ? LogLevel.Debug : LogLevel.Information, progress.Report, Read).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            foreach (string url in server.Urls)
                Console.WriteLine($"listening on {url}");
            try
            {
                await server.WaitForStopAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C or SIGTERM, by way of the command line's own handler.
            }
            await Console.Error.WriteLineAsync("draining").ConfigureAwait(false);
        }
        return Terminal.Done;
    }
}
