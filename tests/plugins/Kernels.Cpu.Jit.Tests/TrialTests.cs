using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Jit.Memory;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>What machine code has to pass before it is used.</summary>
public sealed unsafe class TrialTests
{
    private const string Layout = "cpu.super256.by32";

    public static TheoryData<string> Types => ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q5_k", "q6_k", "q8_1", "q2_0", "iq3_s", "iq2_s", "nvfp4", "another"];

    [Theory, MemberData(nameof(Types))]
    public void Weights_that_it_is_tried_with_have_every_code_and_scales_that_are_numbers(string type)
    {
        const int rows = 8, rowBytes = 2048;
        using NativeBuffer weights = new(rows * rowBytes);
        TrialWeights.Fill(type, weights.Bytes, rows, rowBytes, new Random(1));
        Span<byte> all = new(weights.Bytes, rows * rowBytes);
        if (TrialWeights.Blocks(type) is not var (bytes, halvesAt, halves))
        {
            Assert.Equal("another", type);
            for (int i = 0; i < all.Length - 1; i++)
                Assert.True(Half.IsFinite(BitConverter.UInt16BitsToHalf(BitConverter.ToUInt16(all[i..]))));
            return;
        }
        Assert.Equal(bytes, QuantizedBlocks.Find(type)!.Bytes);
        HashSet<byte> codes = [];
        bool negative = false;
        for (int row = 0; row < rows; row++)
            for (int at = row * rowBytes; at + bytes <= (row + 1) * rowBytes; at += bytes)
                for (int i = 0; i < bytes; i++)
                {
                    if (i < halvesAt || i >= halvesAt + halves * sizeof(ushort))
                    {
                        codes.Add(all[at + i]);
                        continue;
                    }
                    Half scale = BitConverter.UInt16BitsToHalf(BitConverter.ToUInt16(all[(at + halvesAt)..]));
                    Assert.True(Half.IsFinite(scale));
                    negative |= Half.IsNegative(scale);
                }
        Assert.Equal(256, codes.Count);
        Assert.Equal(halves > 0, negative);
    }

    [Fact]
    public void A_tile_that_is_slow_with_half_a_panel_is_not_used()
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        using NativeTile tile = new(new Slowed(new JitTileSource().TryGet(TileLayouts.Id(Layout, 8))!), new JitTileSource().TryGet(TileLayouts.Id(Layout, TileKernel.MaxWidth))!, pair: null);
        TileTrial trial = TileTrial.Run(Layout, tile, CpuIsa.Detect());
        Assert.True(trial.IsEqual);
        Assert.False(trial.IsFaster, $"{trial.Gain} times as fast");
    }

    /// <summary>Counts for a while and goes on with another's code.</summary>
    private sealed class Slowed(ITile tile) : ITile
    {
        private const int Rounds = 100_000;

        // mov eax, rounds; dec eax; jnz to dec; mov rax, entry; jmp rax
        private readonly CodeMemory _memory = new([0xB8, .. BitConverter.GetBytes(Rounds), 0xFF, 0xC8, 0x75, 0xFC, 0x48, 0xB8, .. BitConverter.GetBytes((long)tile.EntryPoint), 0xFF, 0xE0]);

        public nint EntryPoint => _memory.Address;

        public string Description => "slowed";

        public void Dispose()
        {
            _memory.Dispose();
            tile.Dispose();
        }
    }
}
