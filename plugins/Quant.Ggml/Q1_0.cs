using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>128 signs with a scale.</summary>
internal sealed unsafe class Q1_0() : SignedType("q1_0", Values, sizeof(BlockQ1_0), Group, -1, 1), IBlockQuantizer
{
    private const int Values = 128;
    private const int Group = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        for (BlockQ1_0* block = (BlockQ1_0*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            for (int i = 0; i < Values / 16; i++, values += 16)
                ((Nibbles.Mask(block->Signs[i]) & Vector128.Create((byte)2)) - Vector128<byte>.One).AsSByte().Store(values);
            new Span<float>(scales, Values / Group).Fill(HalfFloat.ToSingle(block->Scale));
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockQ1_0* block = (BlockQ1_0*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            *block = default;
            float magnitudes = 0;
            for (int i = 0; i < Values; i++)
            {
                magnitudes += MathF.Abs(source[i]);
                if (source[i] >= 0)
                    block->Signs[i / 16] |= (ushort)(1 << i % 16);
            }
            block->Scale = Extremes.HalfBits(magnitudes / Values);
        }
    }
}
