using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Plan;

// One tile for any number of queries, as many at once as there is a kernel for.
internal sealed unsafe partial class AttentionStage
{
    private void ScoreTile(TileElements elements, int queries, float* query, byte* keys, byte* ahead, float* scores)
    {
        int length = _shape.KeyLength, stride = _shape.QueryStride;
        if (!_wide)
        {
            int q = 0;
            for (; q <= queries - 2; q += 2)
                AttentionTile.ScorePair(query + (long)q * stride, stride, (float*)keys, length, scores + q * AttentionTile.ScoreStride);
            if (q < queries)
                AttentionTile.Score(query + (long)q * stride, (float*)keys, length, scores + q * AttentionTile.ScoreStride);
            return;
        }
        for (int q = 0; q < queries; q += AttentionTile512.MaxHeads, query += AttentionTile512.MaxHeads * stride, scores += AttentionTile512.MaxHeads * AttentionTile.ScoreStride)
        {
            int heads = Math.Min(AttentionTile512.MaxHeads, queries - q);
            switch (elements)
            {
                case TileElements.Floats:
                    AttentionTile512.Score<F32>(heads, query, stride, keys, ahead, length, scores);
                    break;
                case TileElements.Halves:
                    AttentionTile512.Score<F16>(heads, query, stride, keys, ahead, length, scores);
                    break;
                case TileElements.FiniteHalves:
                    AttentionTile512.Score<FiniteF16>(heads, query, stride, keys, ahead, length, scores);
                    break;
                default:
                    AttentionTile512.Score<BF16>(heads, query, stride, keys, ahead, length, scores);
                    break;
            }
        }
    }

    private void AccumulateTile(TileElements elements, int queries, float* weights, byte* values, byte* ahead, int first, int end, float* outputs)
    {
        int length = _shape.OutputStride;
        if (!_wide)
        {
            for (int q = 0; q < queries; q++)
                AttentionTile.Accumulate(weights + q * AttentionTile.ScoreStride, (float*)values, first, end, outputs + (long)q * length, length);
            return;
        }
        for (int q = 0; q < queries; q += AttentionTile512.MaxHeads, weights += AttentionTile512.MaxHeads * AttentionTile.ScoreStride, outputs += AttentionTile512.MaxHeads * length)
        {
            int heads = Math.Min(AttentionTile512.MaxHeads, queries - q);
            switch (elements)
            {
                case TileElements.Floats:
                    AttentionTile512.Accumulate<F32>(heads, weights, values, ahead, first, end, outputs, length, length);
                    break;
                case TileElements.Halves:
                    AttentionTile512.Accumulate<F16>(heads, weights, values, ahead, first, end, outputs, length, length);
                    break;
                case TileElements.FiniteHalves:
                    AttentionTile512.Accumulate<FiniteF16>(heads, weights, values, ahead, first, end, outputs, length, length);
                    break;
                default:
                    AttentionTile512.Accumulate<BF16>(heads, weights, values, ahead, first, end, outputs, length, length);
                    break;
            }
        }
    }
}
