using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Blocks;
using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml;

/// <summary>256 values in groups of 32: entries of a codebook of 2048, shifted by an eighth, with 3-bit scales.</summary>
internal sealed unsafe class IQ1_S() : SignedType("iq1_s", Values, sizeof(BlockIQ1_S), Group, -Iq1Levels.Greatest, Iq1Levels.Greatest)
{
    private const int Values = 256;
    private const int Group = 32;
    private const int ShiftDown = 0x8000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Split(byte* source, long blocks, sbyte* values, float* scales)
    {
        ReadOnlySpan<ushort> entries = Iq1Grid.Entries;
        for (BlockIQ1_S* block = (BlockIQ1_S*)source, end = block + blocks; block < end; block++, scales += Values / Group)
        {
            float scale = HalfFloat.ToSingle(block->Scale);
            byte* q = block->Quants;
            for (int group = 0; group < Values / Group; group++, q += 4, values += Group)
            {
                int high = block->HighBits[group];
                scales[group] = scale * (2 * (high >> 12 & 7) + 1) * Iq1Levels.Unit;
                bool down = (high & ShiftDown) != 0;
                ushort a = entries[q[0] | (high & 7) << 8], b = entries[q[1] | (high >> 3 & 7) << 8];
                ushort c = entries[q[2] | (high >> 6 & 7) << 8], d = entries[q[3] | (high >> 9 & 7) << 8];
                Iq1Levels.Of(a, down, b, down).Store(values);
                Iq1Levels.Of(c, down, d, down).Store(values + 16);
            }
        }
    }
}
