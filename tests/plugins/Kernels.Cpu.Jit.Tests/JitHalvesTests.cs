using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Jit.Emit;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Halves widened in machine code.</summary>
public sealed unsafe class JitHalvesTests
{
    [Fact]
    public void Every_half_is_the_runtime_s_own_float_and_nothing_else_is_written()
    {
        Assert.SkipUnless(Processor.HasHalves, "no F16C here");
        Assert.Equal(NativeHalves.Layout, HalvesCode.Layout);
        using ITile tile = new JitTileSource().TryGet(NativeHalves.Layout)!;
        Assert.Equal("f16c", tile.Description);
        const int all = 1 << 16, behind = 8;
        using NativeBuffer halves = new(all * sizeof(ushort)), floats = new((all + behind) * sizeof(float));
        for (int i = 0; i < all; i++)
            ((ushort*)halves.Bytes)[i] = (ushort)i;
        foreach (int count in (int[])[0, 8, 24, all])
        {
            new Span<float>(floats.Bytes, all + behind).Fill(-1);
            ((delegate* unmanaged<ushort*, int, float*, void>)tile.EntryPoint)((ushort*)halves.Bytes, count, (float*)floats.Bytes);
            for (int i = 0; i < count; i++)
                Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), ((float*)floats.Bytes)[i]);
            Assert.False(new Span<float>((float*)floats.Bytes + count, behind).ContainsAnyExcept(-1));
        }
    }

    [Fact]
    public void The_backend_tries_it_and_says_what_it_found()
    {
        Assert.SkipUnless(Processor.HasHalves, "no F16C here");
        Mistaken mistaken = new();
        Assert.Null(NativeHalves.Find([mistaken], out string refused));
        Assert.Equal("mistaken not used: its floats are not the halves", refused);
        Assert.Equal(1, mistaken.Returned);
        Assert.Null(NativeHalves.Find([], out refused));
        Assert.Equal("", refused);
    }

    /// <summary>Code that returns at once.</summary>
    private sealed class Mistaken : ITileSource
    {
        public int Returned { get; private set; }

        public ITile? TryGet(string layout) => new Lease(this);

        private sealed class Lease(Mistaken source) : ITile
        {
            private readonly Memory.CodeMemory _memory = new([0xC3]);

            public nint EntryPoint => _memory.Address;

            public string Description => "mistaken";

            public void Dispose()
            {
                source.Returned++;
                _memory.Dispose();
            }
        }
    }
}
