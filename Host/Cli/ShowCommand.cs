using System.CommandLine;
using System.Runtime.InteropServices;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera show</c>: what a model file holds, and whether it would run.</summary>
internal static class ShowCommand
{
    private const int ValuesAtOnce = 1 << 20;

    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "The model file (or a configured model's name)." };
        Option<string?> tensor = new("--tensor") { Description = "Write the values of this tensor, dequantized, as little-endian float32 (with --out).", HelpName = "NAME" };
        Option<string?> output = new("--out") { Description = "Where to write the tensor's values.", HelpName = "F32.bin" };
        Option<string?> config = CommandParts.Config();
        Command command = new("show", "Shows a model file's metadata and tensors, and whether it would run, with what, or what is missing; or writes one tensor's values.") { file, tensor, output, config };
        command.Validators.Add(r =>
        {
            if (r.GetResult(tensor) is null != r.GetResult(output) is null)
                r.AddError("--tensor and --out go together");
        });
        command.Do((result, _) => RunAsync(result.GetValue(file)!, result.GetValue(tensor), result.GetValue(output), result.GetValue(config)));
        return command;
    }

    private static async Task<int> RunAsync(string file, string? tensor, string? output, string? config)
    {
        await using HostSession session = HostSession.Open(config, file);
        using OpenModel open = session.OpenFiles(session.Model.Path);
        if (tensor is null)
        {
            Print(open.Source);
            Print(session.Report(open));
        }
        else
            Write(open, tensor, output!);
        return Terminal.Done;
    }

    private static void Print(ModelSource source)
    {
        Console.WriteLine($"format  {source.Format}");
        foreach ((string key, string value) in source.Properties)
            Console.WriteLine($"{key} = {value}");
        foreach (string problem in source.Metadata.Problems)
            Console.WriteLine($"problem: {problem}");
        Console.WriteLine($"{source.Tensors.Length} tensors, {source.Tensors.Sum(t => t.Bytes)} bytes");
        foreach (WeightTensor tensor in source.Tensors)
            Console.WriteLine($"{tensor.Name,-40} {tensor.Quantization,-8} {tensor.ShapeText,-24} {tensor.Bytes}");
    }

    private static void Print(ModelReport report)
    {
        foreach ((string part, string text) in report.Parts)
            Console.WriteLine($"{part,-12} {text}");
        Console.WriteLine($"{"runs",-12} {(report.Missing.Count == 0 ? "yes" : "no")}");
        foreach (string missing in report.Missing)
            Console.WriteLine($"{"missing",-12} {missing}");
    }

    /// <summary>Writes beside the target and renames, so that an error leaves no half file.</summary>
    private static void Write(OpenModel open, string name, string output)
    {
        WeightTensor tensor = Array.Find(open.Source.Tensors, t => t.Name == name)
            ?? throw new TesseraException($"{open.Files.Name}: there is no tensor '{name}'{Configuration.Suggestion.For(name, open.Source.Tensors.Select(t => t.Name))}");
        IQuantization quantization = open.Quantization(tensor);
        int rows = (int)Math.Clamp(ValuesAtOnce / tensor.Columns, 1, tensor.Rows);
        float[] values = new float[checked(rows * tensor.Columns)];
        string part = output + ".part";
        try
        {
            using (FileStream stream = File.Create(part))
                for (long row = 0; row < tensor.Rows; row += rows)
                {
                    int count = (int)Math.Min(rows, tensor.Rows - row);
                    Span<float> span = values.AsSpan(0, count * (int)tensor.Columns);
                    quantization.Dequantize(tensor, row, count, span);
                    stream.Write(MemoryMarshal.AsBytes(span));
                }
            File.Move(part, output, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }
}
