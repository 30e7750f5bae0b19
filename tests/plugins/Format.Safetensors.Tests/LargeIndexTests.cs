using System.Diagnostics;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Opening costs the headers only: a 70B model's tensors in 30 sparse shards. How long it takes is measured by bench/Folders.Bench.</summary>
public sealed unsafe class LargeIndexTests
{
    private const int Shards = 30, Page = 4096;

    // The system may bring pages around one that is looked at, where it has them in memory.
    private const long MostAllocated = 32 << 20, Around = 16 * Page;

    [Fact]
    public void A_70B_model_opens_by_its_headers()
    {
        string folder = Directory.CreateTempSubdirectory("tessera-70b-").FullName;
        try
        {
            long bytes = SparseFolder.Write(folder, Shards);
            // Once without the watch, for the compiler.
            using (SparseFiles first = new(folder))
                new SafetensorsFormat().Open(first);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Stopwatch time = Stopwatch.StartNew();
            using SparseFiles files = new(folder);
            ModelSource source = new SafetensorsFormat().Open(files);
            TimeSpan elapsed = time.Elapsed;
            TestContext.Current.TestOutputHelper?.WriteLine($"{source.Tensors.Length} tensors of {bytes / 1e9:F1} GB in {Shards} shards: {elapsed.TotalMilliseconds:F0} ms");
            Assert.Empty(source.Metadata.Problems);
            Assert.Equal(SparseFolder.Tensors, source.Tensors.Length);
            Assert.Equal(bytes, source.Tensors.Sum(t => t.Bytes));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
            string[] shards = [.. source.Tensors.Select(t => t.Parts[0].File.Name).Distinct().Order(StringComparer.Ordinal)];
            Assert.Equal(Shards, shards.Length);
            Assert.Equal([.. shards, "config.json", ModelTensors.IndexFile], files.Opened.Order(StringComparer.Ordinal).OrderBy(n => n is "config.json" ? 1 : n == ModelTensors.IndexFile ? 2 : 0));
            if (!OperatingSystem.IsLinux())
                return;
            Assert.All(shards, s => Assert.InRange(Touched(files, s), 1, Header(files, s) + Page + Around));
            // And a format that looked at each tensor would be seen to.
            foreach (WeightTensor tensor in source.Tensors)
                _ = Volatile.Read(ref *(tensor.Parts[0].File.Data + tensor.Parts[0].Offset));
            Assert.All(shards, s => Assert.True(Touched(files, s) > Header(files, s) + Page + Around));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Touched(SparseFiles files, string name) => TouchedBytes.ByPath().GetValueOrDefault(files.PathOf(name));

    private static long Header(SparseFiles files, string name) => sizeof(long) + *(long*)files.TryOpen(name)!.Data;
}
