using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>A type whose values are scale · q with small signed integers q, however the file codes them: bits, trits or the entries of a codebook.</summary>
/// <param name="id">The id.</param>
/// <param name="blockSize">Values in a block: a multiple of the group.</param>
/// <param name="blockBytes">Bytes of a block.</param>
/// <param name="groupSize">Values that share a scale: 16 or 32.</param>
/// <param name="least">The least q: at least -128.</param>
/// <param name="greatest">The greatest q.</param>
internal abstract unsafe class SignedType(string id, int blockSize, int blockBytes, int groupSize, int least, int greatest)
    : AffineType(id, blockSize, blockBytes, groupSize, greatest - least)
{
    private const int ChunkValues = 512;
    private const int Vector = 16;

    /// <summary>Writes q of every value and the scale of every group of consecutive blocks.</summary>
    protected abstract void Split(byte* source, long blocks, sbyte* values, float* scales);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected internal sealed override void DequantizeBlocks(byte* source, long blocks, float* destination)
    {
        sbyte* values = stackalloc sbyte[ChunkValues];
        float* scales = stackalloc float[ChunkValues / Vector];
        long most = ChunkValues / BlockSize;
        int groupShift = BitOperations.Log2((uint)GroupSize);
        while (blocks > 0)
        {
            long count = long.Min(blocks, most), chunk = count * BlockSize;
            Split(source, count, values, scales);
            for (long i = 0; i < chunk; i += Vector)
                Bytes16.Multiply(Vector128.Load(values + i), scales[i >> groupShift], destination + i);
            source += count * BlockBytes;
            destination += chunk;
            blocks -= count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected sealed override void UnpackBlocks(byte* source, long blocks, byte* values, float* scales, float* minimums)
    {
        Split(source, blocks, (sbyte*)values, scales);
        Vector128<byte> offset = Vector128.Create((byte)-least);
        byte* end = values + blocks * BlockSize;
        for (; values < end; values += Vector)
            (Vector128.Load(values) + offset).Store(values);
        long groups = blocks * (BlockSize / GroupSize);
        for (long group = 0; group < groups; group++)
            minimums[group] = -least * scales[group];
    }
}
