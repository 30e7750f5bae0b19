using System.Diagnostics;
using System.Globalization;
using Tessera.Bench;
using Tessera.Host.Models;
using Tessera.Kernels.Bench;
using Tessera.TestSupport;

// dotnet run -c Release --project bench/Folders.Bench -- [FOLDER]
// Opens a model's folder as the host does, again and again; without FOLDER, 70 billion weights in 30 sparse shards.
const int Shards = 30, Repeats = 15;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Console.WriteLine($"# {Machine.Processor}, {Environment.ProcessorCount} logical processors, .NET {Environment.Version}");
string? made = args.Length > 0 ? null : Directory.CreateTempSubdirectory("tessera-70b-").FullName;
try
{
    if (made is not null)
        SparseFolder.Write(made, Shards);
    await using HostedModel model = new(made ?? args[0]);
    Console.WriteLine($"{model.Open.Source.Tensors.Length} tensors of {model.Open.Source.Tensors.Sum(t => t.Bytes) / 1e9:F1} GB, files of {model.Open.Files.TotalBytes / 1e9:F1} GB");
    double[] seconds = new double[Repeats], processor = new double[Repeats];
    long allocated = 0;
    for (int i = 0; i < Repeats; i++)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        double before = Machine.ThreadSeconds();
        using OpenModel open = model.OpenAgain();
        processor[i] = Machine.ThreadSeconds() - before;
        seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
    }
    Array.Sort(seconds);
    Array.Sort(processor);
    Console.WriteLine($"opened {Repeats} times: {seconds[Repeats / 2] * 1e3:F1} ms (median; {seconds[0] * 1e3:F1} to {seconds[^1] * 1e3:F1}), {processor[Repeats / 2] * 1e3:F1} ms of the processor, {allocated / 1e6:F1} MB allocated");
    return 0;
}
finally
{
    if (made is not null)
        Directory.Delete(made, recursive: true);
}
