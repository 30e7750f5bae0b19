using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Copies of the cache's blocks and of whole buffers.</summary>
public sealed class CopyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(150)]
    public void Words_are_copied(int words)
    {
        int[] x = [.. Enumerable.Range(7, words)];
        Assert.Equal(x, Gpu.InEveryOrder<int>(gpu =>
        {
            DeviceBuffer from = gpu.Put<int>(x), to = gpu.New<int>(words);
            gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("cache", "copies"), "copy_words")).Bind(0, from.At(0)).Bind(1, to.At(0)).Bind(2, new CopyArguments { BlockStride = (ulong)words }).RunElements((words + 63) / 64, 1));
            return Gpu.Get<int>(to, words);
        }));
    }

    [Fact]
    public void Blocks_are_copied_in_order_from_buffer_to_buffer()
    {
        const int Words = 70, Blocks = 4;
        int[] cache = [.. Enumerable.Range(0, Words * Blocks)], pairs = [0, Second, Second, 2];
        int[] found = Gpu.InEveryOrder<int>(gpu => Copied(gpu, cache, pairs, Words));
        // The third block of the first buffer and the first of the second one are the first block now.
        Assert.Equal([.. cache[..(2 * Words)], .. cache[..Words], .. cache[(3 * Words)..], .. cache[..Words], .. Other(cache)[Words..]], found);
    }

    private const int Second = 1 << 28;

    /// <summary>Copies between buffers, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        int[] cache = [.. Enumerable.Range(0, 150)];
        Assert.Equal([.. cache[..100], .. cache[..50], .. cache[..50], .. Other(cache)[50..]], Copied(gpu, cache, [0, Second, Second, 2], 50));
    }

    private static int[] Other(int[] cache) => [.. cache.Select(v => v + 1000)];

    // The words of two buffers, one after the other.
    private static int[] Copied(Gpu gpu, int[] cache, int[] pairs, int words)
    {
        DeviceBuffer one = gpu.Put<int>(cache), two = gpu.Put<int>(Other(cache)), list = gpu.Put<int>(pairs);
        gpu.Run(c =>
        {
            for (int i = 0; i < CacheArena.MaxSlabs; i++)
                c.Bind(CacheArena.FirstIndex + i, (i == 0 ? one : two).At(0));
            c.Use(gpu.Device.Pipelines.Get(KernelText.Of("cache", "copies"), "copy_blocks")).Bind(1, list.At(0)).Bind(2, new CopyArguments { Count = (uint)pairs.Length / 2, BlockStride = (ulong)words }).RunElements(words, 1);
        });
        return [.. Gpu.Get<int>(one, cache.Length), .. Gpu.Get<int>(two, cache.Length)];
    }
}
