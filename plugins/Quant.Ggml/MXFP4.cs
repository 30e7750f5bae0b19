using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>32 floats of 4 bits (E2M1) with a power of two as scale.</summary>
internal sealed unsafe class MXFP4() : SignedType("mxfp4", Values, sizeof(BlockMXFP4), Values, -Fp4Levels.Greatest, Fp4Levels.Greatest), IBlockQuantizer
{
    private const int Values = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        Vector128<sbyte> levels = Fp4Levels.Vector();
        for (BlockMXFP4* block = (BlockMXFP4*)source, end = block + blocks; block < end; block++, values += Values, scales++)
        {
            *scales = SmallFloats.HalfOfE8M0(block->Exponent);
            Vector128<byte> packed = Vector128.Load(block->Quants);
            Vector128.Shuffle(levels, Nibbles.Low(packed).AsSByte()).Store(values);
            Vector128.Shuffle(levels, Nibbles.High(packed).AsSByte()).Store(values + 16);
        }
    }

    public void QuantizeBlocks(float* source, long blocks, byte* destination)
    {
        for (BlockMXFP4* block = (BlockMXFP4*)destination, end = block + blocks; block < end; block++, source += Values)
        {
            block->Exponent = Exponent(MathF.Abs(Extremes.Outermost(source, Values)));
            float scale = SmallFloats.HalfOfE8M0(block->Exponent);
            for (int i = 0; i < Values / 2; i++)
                block->Quants[i] = (byte)(Fp4Levels.Nearest(source[i], scale) | Fp4Levels.Nearest(source[i + Values / 2], scale) << 4);
        }
    }

    // The power of two below the magnitude, over that of 6, the greatest E2M1 float.
    private static byte Exponent(float magnitude) =>
        magnitude > 0 ? (byte)float.Clamp(MathF.Floor(MathF.Log2(magnitude)) - 2 + 127, 0, 254) : (byte)0;
}
