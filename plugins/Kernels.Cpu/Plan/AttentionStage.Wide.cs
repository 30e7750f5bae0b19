using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Plan;

internal sealed unsafe partial class AttentionStage
{
    /// <summary>As <see cref="Step"/>, four heads at a time.</summary>
    private void StepWide<TElement>(int query, int sums, byte* scratch, byte* keys, byte* values, int from, int to)
        where TElement : struct, IFloatWeight
    {
        AttentionShape shape = _shape;
        float* queries = shape.Queries(scratch), outputs = shape.Outputs(scratch), scores = shape.Scores(scratch);
        AttentionState* states = AttentionShape.States(scratch);
        for (int g = 0; g < shape.Group; g += AttentionTile512.MaxHeads, query += AttentionTile512.MaxHeads, sums += AttentionTile512.MaxHeads)
        {
            int heads = Math.Min(AttentionTile512.MaxHeads, shape.Group - g);
            float* output = outputs + (long)sums * shape.OutputStride;
            AttentionTile512.Score<TElement>(heads, queries + (long)query * shape.QueryStride, shape.QueryStride, keys, shape.KeyLength, scores);
            if (_cap != 0)
                SoftCap.Run(scores, heads * AttentionTile.Entries, _cap, _exact);
            for (int i = 0; i < heads; i++)
                AttentionTile.Weigh(scores + i * AttentionTile.Entries, from, to, _exact, states + sums + i, output + (long)i * shape.OutputStride, shape.OutputStride);
            AttentionTile512.Accumulate<TElement>(heads, scores, values, from, to, output, shape.OutputStride, shape.OutputStride);
        }
    }
}
