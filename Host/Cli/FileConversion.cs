using System.Globalization;
using Tessera.Host.Conversion;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary>What <c>convert</c> and <c>quantize</c> share: open, plan, write, and say what became of the model.</summary>
internal static class FileConversion
{
    private static readonly string[] Plain = ["f64", "f32", "f16", "bf16"];

    /// <summary>Writes a model as another file.</summary>
    /// <param name="model">The model's path or configured name.</param>
    /// <param name="output">The file to write.</param>
    /// <param name="fileType">The kind of file; null: types as stored.</param>
    /// <param name="roundsTwice">Whether tensors that are quantized already may be quantized again.</param>
    /// <param name="config">The configuration's file, or null.</param>
    /// <param name="cancellation">Ends the writing; nothing is left of it.</param>
    public static async Task<int> RunAsync(string model, string output, string? fileType, bool roundsTwice, string? config, CancellationToken cancellation)
    {
        OutputPath.Check(output);
        string target = Path.GetFullPath(output);
        await using HostSession session = HostSession.Open(config, model);
        using OpenModel open = session.OpenFiles(session.Model.Path);
        OutputPath.RequireOther(output, open.Files);
        WritePlan plan = ModelFileWriter.Plan(open, target, fileType);
        string[] twice = [.. plan.Tensors.Where(t => t.Source is { } s && s.Quantization != t.Quantization && !t.KeepsValues && !Plain.Contains(s.Quantization) && !Plain.Contains(t.Quantization)).Select(t => $"'{t.Name}' is of type {t.Source!.Quantization}")];
        if (twice.Length > 0 && !roundsTwice)
            throw new TesseraException($"{open.Files.Name}: tensor {twice[0]} already{(twice.Length > 1 ? $", and {twice.Length - 1} more are quantized" : "")}; quantizing again rounds twice. Start from a file of F32, F16 or BF16, or say --requantize");
        using (WriteBar bar = WriteBar.OnStandardError(Path.GetFileName(target)))
            ModelFileWriter.Write(open, plan, target, session.Team, bar.Report, cancellation);
        foreach (string warning in open.Source.Warnings)
            await Console.Error.WriteLineAsync($"warning: {warning}").ConfigureAwait(false);
        Print(plan, output, twice.Length);
        return Terminal.Done;
    }

    private static void Print(WritePlan plan, string output, int twice)
    {
        foreach (string note in plan.Notes)
            Console.WriteLine($"note: {note}");
        if (twice > 0)
            Console.WriteLine($"note: {twice} tensors were quantized already, and are rounded twice");
        foreach (IGrouping<string, WrittenTensor> type in plan.Tensors.GroupBy(t => t.Quantization).OrderByDescending(g => g.Sum(t => t.Length)))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type.Key,-8} {type.Count(),5} tensors {type.Sum(t => t.Length) / 1e6,10:F1} MB"));
        double values = plan.Tensors.Sum(t => t.Shape.Aggregate(1.0, (a, b) => a * b));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{output}: {plan.Architecture}, {plan.FileType}, {plan.Tensors.Count} tensors, {plan.Length / 1e6:F1} MB, {plan.Tensors.Sum(t => t.Length) * 8 / values:F2} bits a weight"));
    }
}
