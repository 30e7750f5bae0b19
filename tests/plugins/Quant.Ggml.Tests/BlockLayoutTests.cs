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
        Assert.Equal(36, Unsafe.SizeOf<BlockQ8_1>());
        Assert.Equal(84, Unsafe.SizeOf<BlockQ2_K>());
        Assert.Equal(110, Unsafe.SizeOf<BlockQ3_K>());
        Assert.Equal(292, Unsafe.SizeOf<BlockQ8_K>());
        Assert.Equal(50, Unsafe.SizeOf<BlockIQ1_S>());
        Assert.Equal(56, Unsafe.SizeOf<BlockIQ1_M>());
        Assert.Equal(66, Unsafe.SizeOf<BlockIQ2_XXS>());
        Assert.Equal(74, Unsafe.SizeOf<BlockIQ2_XS>());
        Assert.Equal(82, Unsafe.SizeOf<BlockIQ2_S>());
        Assert.Equal(98, Unsafe.SizeOf<BlockIQ3_XXS>());
        Assert.Equal(110, Unsafe.SizeOf<BlockIQ3_S>());
        Assert.Equal(18, Unsafe.SizeOf<BlockIQ4_NL>());
        Assert.Equal(136, Unsafe.SizeOf<BlockIQ4_XS>());
        Assert.Equal(54, Unsafe.SizeOf<BlockTQ1_0>());
        Assert.Equal(66, Unsafe.SizeOf<BlockTQ2_0>());
        Assert.Equal(17, Unsafe.SizeOf<BlockMXFP4>());
        Assert.Equal(36, Unsafe.SizeOf<BlockNVFP4>());
        Assert.Equal(18, Unsafe.SizeOf<BlockQ1_0>());
        Assert.Equal(18, Unsafe.SizeOf<BlockQ2_0>());
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
    [InlineData("q8_1", 32, 36)]
    [InlineData("q2_k", 256, 84)]
    [InlineData("q3_k", 256, 110)]
    [InlineData("q8_k", 256, 292)]
    [InlineData("iq1_s", 256, 50)]
    [InlineData("iq1_m", 256, 56)]
    [InlineData("iq2_xxs", 256, 66)]
    [InlineData("iq2_xs", 256, 74)]
    [InlineData("iq2_s", 256, 82)]
    [InlineData("iq3_xxs", 256, 98)]
    [InlineData("iq3_s", 256, 110)]
    [InlineData("iq4_nl", 32, 18)]
    [InlineData("iq4_xs", 256, 136)]
    [InlineData("tq1_0", 256, 54)]
    [InlineData("tq2_0", 256, 66)]
    [InlineData("mxfp4", 32, 17)]
    [InlineData("nvfp4", 64, 36)]
    [InlineData("q1_0", 128, 18)]
    [InlineData("q2_0", 64, 18)]
    public void Types_declare_their_blocks(string id, int blockSize, int blockBytes)
    {
        GgmlType type = Types.Get(id);
        Assert.Equal((blockSize, blockBytes), (type.BlockSize, type.BlockBytes));
    }
}
