using System.Diagnostics;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Opening costs the headers only: a 70B model's tensors in 30 sparse shards. How long it takes is measured by bench/Folders.Bench.</summary>
public sealed class LargeIndexTests
{
    private const int Shards = 30;
    private const long MostAllocated = 32 << 20;

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
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
