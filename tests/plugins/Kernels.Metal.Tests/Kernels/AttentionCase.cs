using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Attention over a cache of two sequences in shuffled blocks, with NaN wherever no entry stands.</summary>
internal sealed class AttentionCase
{
    private const int BlockTokens = 4, Blocks = 16, TableLength = 8;

    public int Heads, KeyHeads, KeyLength, ValueLength, Window, Partition;
    public float Cap;
    public bool HasSinks;

    /// <summary>Each row's sequence and its cache index.</summary>
    public int[] Slots = [0, 0, 0, 1, 1], Indices = [0, 7, 21, 3, 8];

    /// <summary>Rows that follow one another, of both sequences.</summary>
    public AttentionCase InTiles()
    {
        Slots = [.. Enumerable.Repeat(0, 11), .. Enumerable.Repeat(1, 6)];
        Indices = [.. Enumerable.Range(11, 11), .. Enumerable.Range(3, 6)];
        return this;
    }

    // Two sequences, of 22 and 9 entries.
    private static readonly (int Slot, int Last)[] Sequences = [(0, 21), (1, 8)];
    private static readonly int[] AllBlocks = [11, 3, 14, 0, 9, 6, -1, -1, 5, 12, 2, -1, -1, -1, -1, -1];

    // The buffers that the blocks lie in, by their first ones; the others are the last one.
    private static readonly int[] Slabs = [0, 5, 6, 10, 12, 13, 14, 15];

    // Blocks that a window has passed are not the sequence's any more.
    private int[] Table => [.. AllBlocks.Select((block, i) => block < 0 || i % TableLength < Oldest(i / TableLength) / BlockTokens ? -1 : Place(block))];

    private static int Place(int block)
    {
        int slab = Array.FindLastIndex(Slabs, first => first <= block);
        return (slab << 28) | (block - Slabs[slab]);
    }

    private void Bind(Gpu gpu, Commands commands, bool isHalf = false)
    {
        float[] cache = Cache();
        for (int i = 0; i < Slabs.Length; i++)
        {
            float[] slab = cache[(Slabs[i] * Stride)..((i + 1 < Slabs.Length ? Slabs[i + 1] : Blocks) * Stride)];
            commands.Bind(CacheArena.FirstIndex + i, (isHalf ? gpu.Put<Half>([.. slab.Select(v => (Half)v)]) : gpu.Put<float>(slab)).At(0));
        }
    }

    private float[] Queries => Numbers.Floats(Slots.Length * Heads * KeyLength, 1);
    private float[] Sinks => Numbers.Floats(Heads, 2);
    private float Scale => 1 / MathF.Sqrt(KeyLength);
    private int Stride => (KeyHeads * BlockTokens * (KeyLength + ValueLength) + 15) / 16 * 16;
    private int ValueStart => KeyHeads * BlockTokens * KeyLength;

    public float[] Run(Gpu gpu)
    {
        int parts = Enumerable.Range(0, Slots.Length).Max(r => Indices[r] / Partition - First(r) / Partition + 1);
        AttentionArguments arguments = Arguments with { Partitions = (uint)parts };
        string text = KernelText.Attention(KeyLength, ValueLength, isHalf: false);
        DeviceBuffer q = gpu.Put<float>(Queries), slots = gpu.Put<int>(Slots), indices = gpu.Put<int>(Indices), tables = gpu.Put<int>(Table), sinks = gpu.Put<float>(Sinks);
        DeviceBuffer scratch = gpu.New<float>(Slots.Length * Heads * parts * (ValueLength + 2)), y = gpu.New<float>(Slots.Length * Heads * ValueLength);
        gpu.Run(c =>
        {
            Bind(gpu, c);
            c.Use(gpu.Device.Pipelines.Get(text, "attention")).Bind(0, q.At(0)).Bind(2, slots.At(0)).Bind(3, indices.At(0)).Bind(4, tables.At(0)).Bind(5, sinks.At(0)).Bind(6, scratch.At(0)).Bind(7, y.At(0)).Bind(8, arguments)
                .Run(Heads, Slots.Length, parts, 128);
            if (parts > 1)
                c.Use(gpu.Device.Pipelines.Get(text, "attention_merge")).Bind(0, scratch.At(0)).Bind(1, sinks.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(ValueLength, Heads, Slots.Length);
        });
        return Gpu.Get<float>(y, Slots.Length * Heads * ValueLength);
    }

    private AttentionArguments Arguments => new()
    {
        Heads = (uint)Heads,
        KeyHeads = (uint)KeyHeads,
        BlockTokens = BlockTokens,
        TableLength = TableLength,
        Window = (uint)Window,
        PartitionTokens = (uint)Partition,
        HasSinks = HasSinks ? 1u : 0u,
        Scale = Scale,
        Cap = Cap,
        BlockStride = (ulong)Stride,
        ValueStart = (ulong)ValueStart,
    };

    private float[] Cache()
    {
        float[] cache = new float[Blocks * Stride];
        Array.Fill(cache, float.NaN);
        foreach ((int slot, int last) in Sequences)
            for (int j = Oldest(slot); j <= last; j++)
                for (int h = 0; h < KeyHeads; h++)
                {
                    Entry(slot, j, h, KeyLength, isValue: false).CopyTo(cache, At(slot, j, h, KeyLength, 0));
                    Entry(slot, j, h, ValueLength, isValue: true).CopyTo(cache, At(slot, j, h, ValueLength, ValueStart));
                }
        return cache;
    }

    /// <summary>By tiles of up to 8 rows, so many keys at a time.</summary>
    public float[] RunTiles(Gpu gpu, bool isHalf, int keys)
    {
        int bytes = PrefillKernel.Fits(KeyLength, ValueLength, isHalf, keys) ?? throw new InvalidOperationException("the heads are too long for the keys");
        int[] tiles = [.. Enumerable.Range(0, 2).SelectMany(slot =>
        {
            int first = Array.IndexOf(Slots, slot), count = Slots.Count(s => s == slot);
            return Enumerable.Range(0, (count + 7) / 8).SelectMany(t => (int[])[first + 8 * t, Math.Min(8, count - 8 * t)]);
        })];
        DeviceBuffer q = gpu.Put<float>(Queries), slots = gpu.Put<int>(Slots), indices = gpu.Put<int>(Indices), tables = gpu.Put<int>(Table), sinks = gpu.Put<float>(Sinks), pairs = gpu.Put<int>(tiles);
        DeviceBuffer y = gpu.New<float>(Slots.Length * Heads * ValueLength);
        Pipeline kernel = gpu.Device.Pipelines.Get(KernelText.Prefill(KeyLength, ValueLength, isHalf, keys), "prefill");
        gpu.Run(c =>
        {
            Bind(gpu, c, isHalf);
            c.Use(kernel).Bind(0, q.At(0)).Bind(2, slots.At(0)).Bind(3, indices.At(0)).Bind(4, tables.At(0)).Bind(5, sinks.At(0)).Bind(6, pairs.At(0)).Bind(7, y.At(0)).Bind(8, Arguments)
                .Memory(0, bytes).Run(Heads, tiles.Length / 2, 1, 128);
        });
        return Gpu.Get<float>(y, Slots.Length * Heads * ValueLength);
    }

    public double[] Expected()
    {
        List<double> y = [];
        float[] queries = Queries;
        for (int row = 0; row < Slots.Length; row++)
            for (int h = 0; h < Heads; h++)
            {
                int kv = h / (Heads / KeyHeads);
                double[] scores = [.. Enumerable.Range(First(row), Indices[row] - First(row) + 1).Select(j =>
                {
                    float[] key = Entry(Slots[row], j, kv, KeyLength, isValue: false);
                    double score = Enumerable.Range(0, KeyLength).Sum(i => (double)queries[(row * Heads + h) * KeyLength + i] * key[i]) * Scale;
                    return Cap > 0 ? Cap * Math.Tanh(score / Cap) : score;
                })];
                double top = Math.Max(scores.Max(), HasSinks ? Sinks[h] : double.NegativeInfinity);
                double sum = scores.Sum(s => Math.Exp(s - top)) + (HasSinks ? Math.Exp(Sinks[h] - top) : 0);
                y.AddRange(Enumerable.Range(0, ValueLength).Select(i => scores.Select((s, j) => Math.Exp(s - top) / sum * Entry(Slots[row], First(row) + j, kv, ValueLength, isValue: true)[i]).Sum()));
            }
        return [.. y];
    }

    private int Oldest(int slot) => Enumerable.Range(0, Slots.Length).Where(r => Slots[r] == slot).Min(First);

    private int First(int row) => Window > 0 ? Math.Max(0, Indices[row] + 1 - Window) : 0;

    private int At(int slot, int index, int head, int length, int start) => AllBlocks[slot * TableLength + index / BlockTokens] * Stride + start + (head * BlockTokens + index % BlockTokens) * length;

    private static float[] Entry(int slot, int index, int head, int length, bool isValue) => Numbers.Floats(length, 1000 + ((slot * 100 + index) * 10 + head) * 2 + (isValue ? 1 : 0));
}
