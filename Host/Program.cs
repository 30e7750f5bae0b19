return await Tessera.Host.Cli.CommandLine.RunAsync(args).ConfigureAwait(false);
