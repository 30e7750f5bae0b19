using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 16: entries of a codebook of 2048, each shifted by an eighth, with 3-bit scales.</summary>
internal sealed unsafe class IQ1_M() : SignedType("iq1_m", Values, sizeof(BlockIQ1_M), Group, -Iq1Levels.Greatest, Iq1Levels.Greatest)
{
    private const int Values = 256;
    private const int Group = 16;
    private const int ShiftDown = 8;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        ReadOnlySpan<ushort> entries = Iq1Grid.Entries;
        for (BlockIQ1_M* block = (BlockIQ1_M*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(Scale(block));
            for (int group = 0; group < Values / Group; group++, values += Group)
            {
                int code = block->Scales[group / 4] >> 3 * (group & 3) & 7, high = block->HighBits[group];
                scales[group] = scale * (2 * code + 1) * Iq1Levels.Unit;
                ushort first = entries[block->Quants[2 * group] | (high & 7) << 8], second = entries[block->Quants[2 * group + 1] | (high >> 4 & 7) << 8];
                Iq1Levels.Of(first, (high & ShiftDown) != 0, second, (high >> 4 & ShiftDown) != 0).Store(values);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort Scale(BlockIQ1_M* block) =>
        (ushort)(block->Scales[0] >> 12 | block->Scales[1] >> 12 << 4 | block->Scales[2] >> 12 << 8 | block->Scales[3] >> 12 << 12);
}
