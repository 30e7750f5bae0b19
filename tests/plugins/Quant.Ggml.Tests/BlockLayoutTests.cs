using System.Runtime.CompilerServices;
using Tessera.Quant.Ggml.Blocks;

namespace Tessera.Quant.Ggml.Tests;

public class BlockLayoutTests
{
    [Fact]
    public void Blocks_have_the_sizes_of_the_format()
    {
        Assert.Equal(18, Unsafe.SizeOf<BlockQ4_0>());
        Assert.Equal(20, Unsafe.SizeOf<BlockQ4_1>());
        Assert.Equal(22, Unsafe.SizeOf<BlockQ5_0>());
        Assert.Equal(24, Unsafe.SizeOf<BlockQ5_1>());
        Assert.Equal(34, Unsafe.SizeOf<BlockQ8_0>());
        Assert.Equal(144, Unsafe.SizeOf<BlockQ4_K>());
        Assert.Equal(176, Unsafe.SizeOf<BlockQ5_K>());
        Assert.Equal(210, Unsafe.SizeOf<BlockQ6_K>());
    }

    [Theory]
    [InlineData("f32", 1, 4)]
    [InlineData("f16", 1, 2)]
    [InlineData("bf16", 1, 2)]
    [InlineData("q4_0", 32, 18)]
    [InlineData("q4_1", 32, 20)]
    [InlineData("q5_0", 32, 22)]
    [InlineData("q5_1", 32, 24)]
    [InlineData("q8_0", 32, 34)]
    [InlineData("q4_k", 256, 144)]
    [InlineData("q5_k", 256, 176)]
    [InlineData("q6_k", 256, 210)]
    public void Types_declare_their_blocks(string id, int blockSize, int blockBytes)
    {
        GgmlType type = Types.Get(id);
        Assert.Equal((blockSize, blockBytes), (type.BlockSize, type.BlockBytes));
    }
}
