using System.CommandLine;

namespace Tessera.Host.Cli;

/// <summary>Arguments and options that several commands have.</summary>
internal static class CommandParts
{
    /// <summary>The configuration's file.</summary>
    public static Option<string?> Config() => new("--config") { Description = "The configuration (default: ./host.yaml, else the one beside the executable).", HelpName = "FILE" };

    /// <summary>A configured model or a path.</summary>
    public static Argument<string> Model() => new("MODEL") { Description = "A configured model's name, or the path of a model file or folder." };

    /// <summary>The precision of activations.</summary>
    public static Option<ActivationPrecision> Activations() =>
        TypedOption.Choice<ActivationPrecision>("--activations", "fast: as requests are served. float32: the reference path; nothing is rounded, the KV cache neither.");

    /// <summary>The context's length.</summary>
    public static Option<int?> Context() => TypedOption.Number<int>(["--context"], "The context in tokens (default: the configuration's, else the model's).", 1);

    /// <summary>Sets what the command does; its errors become a line and an exit code.</summary>
    public static void Do(this Command command, Func<ParseResult, CancellationToken, Task<int>> body) =>
        command.SetAction((result, cancellation) => Terminal.GuardAsync(() => body(result, cancellation)));
}
