using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Metal.Plan;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>The memory of caches: it grows by buffers, and what is there stays where it is.</summary>
public sealed unsafe class CacheArenaTests
{
    private static readonly CacheGroup Group = new("all", CacheKind.Full, 0, [new CacheSpec("blk.0", 2, 8, 8)]);
    private static readonly RuntimeLimits Limits = new() { MaxRows = 4, MaxOutputs = 4, MaxSequences = 1, MaxContext = 64, BlockTokens = 4, KvType = KvType.F32 };

    [Fact]
    public void It_grows_by_buffers_and_nothing_moves_while_there_are_less_than_eight()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new(session, isOwner: false);
        FixedBudget budget = new();
        using CacheArena arena = new(Group, Limits, budget, gpu.Device);
        foreach ((int more, int[] slabs) in ((int, int[])[])[(4, [4]), (1, [4, 4]), (3, [4, 4]), (1, [4, 4, 8]), (30, [4, 4, 8, 23])])
        {
            Assert.True(arena.TryGrow(more));
            Assert.Equal(slabs, arena.SlabCounts);
            Assert.Equal(slabs.Sum() * arena.BlockBytes, budget.Reserved);
        }
        Assert.Equal((39, 0), (arena.Count, session.Count("command-buffers")));
        Assert.Equal([0, 3, 1 << 28, (2 << 28) + 7, (3 << 28) + 22, -1], new[] { 0, 3, 4, 15, 38, -1 }.Select(arena.Place));
        arena.Shrink(31);
        Assert.Equal([4, 4], arena.SlabCounts);
        arena.Shrink(3);
        Assert.Equal([4, 1], arena.SlabCounts);
        Assert.Equal(5 * arena.BlockBytes, budget.Reserved);
        Assert.Contains("it has 5", Assert.Throws<TesseraException>(() => arena.Shrink(6)).Message, StringComparison.Ordinal);
        arena.Shrink(5);
        Assert.Equal((0, 0), (arena.SlabCounts.Count, budget.Reserved));
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.F16)]
    public void It_is_in_memory_of_the_GPU_alone_and_the_tables_of_its_blocks_are_in_shared_memory(KvType type)
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new(session, isOwner: false);
        RuntimeLimits limits = Limits with { KvType = type };
        using CacheArena arena = new(Group, limits, new FixedBudget(), gpu.Device);
        (long alone, long shared) = (session.PrivateBytes, session.SharedBytes);
        Assert.True(arena.TryGrow(4) && arena.TryGrow(3));
        Assert.Equal((alone + 8 * arena.BlockBytes, shared), (session.PrivateBytes, session.SharedBytes));
        arena.Shrink(3);
        Assert.Equal((alone + 4 * arena.BlockBytes, shared), (session.PrivateBytes, session.SharedBytes));

        Assert.Equal(256 * sizeof(int), Tables(limits with { MaxContext = 256 * limits.BlockTokens + limits.MaxContext }) - Tables(limits));
        Assert.Equal(alone + 4 * arena.BlockBytes, session.PrivateBytes);

        // The shared bytes of a step's numbers, of which only the tables depend on the context.
        long Tables(RuntimeLimits of)
        {
            using Scratch scratch = new(gpu.Device);
            _ = new Step(of, [arena], tiles: false, spans: false, scratch);
            return session.SharedBytes - shared;
        }
    }

    [Fact]
    public void Where_the_budget_is_short_it_takes_less_ahead_and_refuses_what_does_not_fit()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new(session, isOwner: false);
        FixedBudget budget = new();
        using CacheArena arena = new(Group, Limits, budget, gpu.Device);
        budget.Limit = 10 * arena.BlockBytes;
        Assert.True(arena.TryGrow(4) && arena.TryGrow(4) && arena.TryGrow(1));
        Assert.Equal([4, 4, 2], arena.SlabCounts);
        Assert.False(arena.TryGrow(2));
        Assert.Equal((9, 10 * arena.BlockBytes), (arena.Count, budget.Reserved));
    }

    [Fact]
    public void A_device_that_has_no_room_for_two_copies_has_room_for_growth()
    {
        const int Blocks = 64;
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { MemoryLimit = 96 * 512 });
        using Gpu gpu = new(session, isOwner: false);
        FixedBudget budget = new();
        using CacheArena arena = new(Group, Limits, budget, gpu.Device);
        Assert.Equal(512, arena.BlockBytes);
        Assert.True(arena.TryGrow(Blocks) && arena.TryGrow(Blocks / 2));
        Assert.False(arena.TryGrow(1));
        Assert.Equal((96, 96 * 512), (arena.Count, budget.Reserved));
    }

    [Fact]
    public void A_cache_that_grows_block_by_block_while_it_is_used_holds_what_it_held()
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using OpenedModel model = new(TinyGolden.Require("llama_gqa").ModelPath, Limits.MaxContext);
        Assert.Equal(Logits(model, backend, isOneByOne: false), Logits(model, backend, isOneByOne: true));
    }

    // The logits after each block of tokens.
    private static float[] Logits(OpenedModel model, MetalBackend backend, bool isOneByOne)
    {
        const int Blocks = 11;
        FixedBudget budget = new();
        using IModelRuntime runtime = model.Build(backend, Limits with { Activations = ActivationPrecision.Float32 }, budget);
        using Batch batch = new(Limits, 1);
        List<float> logits = [];
        if (!isOneByOne)
            Assert.True(runtime.TryGrow(0, Blocks));
        for (int block = 0; block < Blocks; block++)
        {
            budget.Limit = (block + 1) * runtime.BlockBytes(0);
            Assert.True(!isOneByOne || runtime.TryGrow(0, 1));
            batch.BlockTable(0, 0)[block] = block;
            batch.Clear();
            for (int i = block * Limits.BlockTokens; i < (block + 1) * Limits.BlockTokens; i++)
                batch.Add(i * 5 % 90 + 1, i, i, 0, i % Limits.BlockTokens == 3 ? RowOutputs.Logits : RowOutputs.None);
            runtime.Submit(batch);
            Assert.True(runtime.Wait());
            logits.AddRange(new ReadOnlySpan<float>(runtime.Logits(0), model.Graph.VocabularySize));
        }
        return [.. logits];
    }
}
