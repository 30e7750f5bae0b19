using System.CommandLine;

namespace Tessera.Host.Cli;

/// <summary><c>tessera convert</c>: a model's folder as one file.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "The model's folder (or file, or configured name)." };
        Argument<string> output = new("OUT.gguf") { Description = "The file to write; its ending says the format. One that is there is replaced when all is written." };
        Option<string?> type = new("--type") { Description = "The kind of file, such as BF16, Q8_0 or Q4_K_M (default: each matrix in the type that it is stored in).", HelpName = "TYPE" };
        Option<string?> config = CommandParts.Config();
        Command command = new("convert", "Writes a model as one file with names, metadata and tokenizer as the format has them, in the types of a kind of file.") { folder, output, type, config };
        command.Do((result, cancellation) => FileConversion.RunAsync(result.GetValue(folder)!, result.GetValue(output)!, result.GetValue(type), roundsTwice: true, result.GetValue(config), cancellation));
        return command;
    }
}
