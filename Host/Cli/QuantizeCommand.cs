using System.CommandLine;

namespace Tessera.Host.Cli;

/// <summary><c>tessera quantize</c>: a model's file with weights of fewer bits.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        Argument<string> input = new("IN.gguf") { Description = "The model (a file, a folder, or a configured name)." };
        Argument<string> output = new("OUT.gguf") { Description = "The file to write. One that is there is replaced when all is written." };
        Argument<string> type = new("TYPE") { Description = "The kind of file, such as Q4_0, Q8_0, Q4_K_S, Q4_K_M, Q5_K_M or Q6_K." };
        Option<bool> requantize = new("--requantize") { Description = "Take tensors too that are quantized already; they are rounded twice." };
        Option<string?> config = CommandParts.Config();
        Command command = new("quantize", "Writes a model's file anew with weights of fewer bits: each kind of file has its mix of types.") { input, output, type, requantize, config };
        command.Do((result, cancellation) => FileConversion.RunAsync(result.GetValue(input)!, result.GetValue(output)!, result.GetValue(type), result.GetValue(requantize), result.GetValue(config), cancellation));
        return command;
    }
}
