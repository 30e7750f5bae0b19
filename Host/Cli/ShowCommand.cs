using System.CommandLine;
using System.Runtime.InteropServices;
using Tessera.Host.Files;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera show</c>: what a model file holds, and whether it would run.</summary>
internal static class ShowCommand
{
    private const int ValuesAtOnce = 1 << 20;

    public static Command Create()
    {
        Argument<string> file = new("FILE|FOLDER") { Description = "The model file or folder (or a configured model's name)." };
        Option<string?> tensor = new("--tensor") { Description = "Write the values of this tensor, dequantized, as little-endian float32 (with --out). A folder's tensors have their names in its files too.", HelpName = "NAME" };
        Option<string?> output = new("--out") { Description = "Where to write the tensor's values.", HelpName = "F32.bin" };
        Option<string?> config = CommandParts.Config();
        Command command = new("show", "Shows a model file's metadata, how each tensor is stored and which kernel it would get, and whether the model would run, with what, or what is missing; or writes one tensor's values.") { file, tensor, output, config };
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
        if (output is not null)
            OutputPath.Check(output);
        await using HostSession session = HostSession.Open(config, file);
        using OpenModel? open = Open(session, isReported: tensor is null);
        if (open is null)
            return Terminal.Done;
        if (tensor is not null)
        {
            Write(open, tensor, output!);
            return Terminal.Done;
        }
        Print(open.Source);
        ModelReport report = session.Report(open);
        Print(open.Source.Tensors, report.Kernels);
        Print(report);
        // What could be read is shown; that some files could not is an error all the same.
        foreach (string fault in open.Source.Faults)
            Terminal.Tell(fault);
        return open.Source.Faults.Count == 0 ? Terminal.Done : Terminal.Failed;
    }

    /// <summary>Opens the model; null, and told, where no plugin can read it and that is what is asked.</summary>
    private static OpenModel? Open(HostSession session, bool isReported)
    {
        try
        {
            return session.OpenFiles(session.Model.Path);
        }
        catch (UnsupportedModelException e) when (isReported)
        {
            Print([e.Message]);
            return null;
        }
    }

    private static void Print(ModelSource source)
    {
        Console.WriteLine($"format  {source.Format}");
        foreach ((string key, string value) in source.Properties)
            Console.WriteLine($"{key} = {value}");
        foreach (string problem in source.Metadata.Problems)
            Console.WriteLine($"problem: {problem}");
        foreach (string warning in source.Warnings)
            Console.WriteLine($"warning: {warning}");
        Console.WriteLine($"{source.Tensors.Length} tensors, {source.Tensors.Sum(t => t.Bytes)} bytes");
    }

    private static void Print(WeightTensor[] tensors, IReadOnlyDictionary<string, string> kernels)
    {
        foreach (WeightTensor tensor in tensors)
            Console.WriteLine($"{tensor.Name,-40} {tensor.Quantization,-8} {tensor.ShapeText,-24} {tensor.Bytes,-12} {StorageText.Of(tensor)}{(kernels.TryGetValue(tensor.Name, out string? kernel) ? $"; {kernel}" : "")}");
    }

    private static void Print(ModelReport report)
    {
        foreach ((string part, string text) in report.Parts)
            Console.WriteLine($"{part,-12} {text}");
        Print(report.Missing);
    }

    private static void Print(IReadOnlyList<string> missing)
    {
        Console.WriteLine($"{"runs",-12} {(missing.Count == 0 ? "yes" : "no")}");
        foreach (string what in missing)
            Console.WriteLine($"{"missing",-12} {what}");
    }

    private static void Write(OpenModel open, string name, string output)
    {
        WeightTensor tensor = Array.Find(open.Source.Tensors, t => t.Name == name) ?? Stored(open.Source.Tensors, name)
            ?? throw new TesseraException($"{open.Files.Name}: there is no tensor '{name}'{Configuration.Suggestion.For(name, open.Source.Tensors.SelectMany(t => t.StoredName is null ? (string[])[t.Name] : [t.Name, t.StoredName]))}{string.Concat(open.Source.Faults.Select(f => $"; {f}"))}");
        OutputPath.RequireOther(output, open.Files);
        IQuantization quantization = open.Quantization(tensor);
        using UnfinishedFile file = new(output);
        long length = 0;
        foreach (WeightTensor slice in tensor.Stack.Count > 0 ? tensor.Stack : [tensor])
            length = Write(slice, quantization, file, length);
        file.Finish(length);
    }

    private static long Write(WeightTensor tensor, IQuantization quantization, UnfinishedFile file, long offset)
    {
        int rows = (int)Math.Clamp(ValuesAtOnce / tensor.Columns, 1, tensor.Rows);
        float[] values = new float[checked(rows * tensor.Columns)];
        for (long row = 0; row < tensor.Rows; row += rows)
        {
            int count = (int)Math.Min(rows, tensor.Rows - row);
            Span<float> span = values.AsSpan(0, count * (int)tensor.Columns);
            quantization.Dequantize(tensor, row, count, span);
            file.Write(MemoryMarshal.AsBytes(span), offset);
            offset += span.Length * sizeof(float);
        }
        return offset;
    }

    // By the name in the files; also one of those that make up a stack.
    private static WeightTensor? Stored(WeightTensor[] tensors, string name) =>
        Array.Find(tensors, t => t.StoredName == name) ?? tensors.SelectMany(t => t.Stack).FirstOrDefault(t => t.Name == name);
}
