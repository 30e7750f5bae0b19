using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The sizes of an attention node and the layout of a lane's scratch memory for it.</summary>
internal sealed unsafe class AttentionShape
{
    /// <summary>Lays the scratch memory out.</summary>
    /// <param name="heads">Query heads.</param>
    /// <param name="layout">Where keys and values stand.</param>
    /// <param name="runRows">The most rows that share a tile.</param>
    public AttentionShape(int heads, CacheLayout layout, int runRows)
    {
        CacheSpec node = layout.Spec;
        int group = heads / node.Heads;
        Parts = Enumerable.Range(1, group).FirstOrDefault(p => group % p == 0 && group / p is >= LeastHeads and <= MostHeads, 1);
        Group = group / Parts;
        KeyHeads = node.Heads;
        KeyLength = node.KeyLength;
        ValueLength = node.ValueLength;
        QueryStride = (node.KeyLength + 15) & ~15;
        OutputStride = layout.ValueStride;
        long queries = checked((long)runRows * Group);
        Later = checked((int)queries);
        // Sections: states, queries, outputs, a stretch of scores for each query, a key, a normalized head, tiles of keys, tiles of values. States and outputs of a later span follow the first one's.
        _queries = Align(2 * queries * sizeof(AttentionState));
        _outputs = _queries + Align(queries * QueryStride * sizeof(float));
        _scores = _outputs + Align(2 * queries * OutputStride * sizeof(float));
        _key = _scores + Align(queries * AttentionTile.ScoreStride * sizeof(float));
        _head = _key + Align(QueryStride * sizeof(float));
        _keys = _head + Align(QueryStride * sizeof(float));
        _values = _keys + Align((long)WidenedTiles * KeyLength * AttentionTile.Entries * sizeof(float));
        Bytes = _values + Align((long)WidenedTiles * OutputStride * AttentionTile.Entries * sizeof(float));
    }

    private readonly long _queries, _outputs, _scores, _key, _head, _keys, _values;

    // Query heads of a task: more would leave lanes idle where one key head serves all, fewer would widen its tiles too often.
    private const int MostHeads = 16;
    private const int LeastHeads = 4;

    /// <summary>Tiles that are widened to be read together: with more they would leave the first-level cache.</summary>
    public const int WidenedTiles = 2;

    /// <summary>Query heads of a task, which share a key head.</summary>
    public int Group { get; }

    /// <summary>Tasks that share a key head.</summary>
    public int Parts { get; }

    /// <summary>From a query's state and output to those of a later span.</summary>
    public int Later { get; }

    /// <summary>Key and value heads.</summary>
    public int KeyHeads { get; }

    /// <summary>Elements of a query or key head.</summary>
    public int KeyLength { get; }

    /// <summary>Elements of a value head.</summary>
    public int ValueLength { get; }

    /// <summary>Floats from one query to the next.</summary>
    public int QueryStride { get; }

    /// <summary>Floats from one weighted sum to the next; a multiple of 8.</summary>
    public int OutputStride { get; }

    /// <summary>Bytes of the scratch memory.</summary>
    public long Bytes { get; }

    /// <summary>A running softmax for each query.</summary>
    public static AttentionState* States(byte* scratch) => (AttentionState*)scratch;

    /// <summary>The rotated and scaled queries.</summary>
    public float* Queries(byte* scratch) => (float*)(scratch + _queries);

    /// <summary>The weighted sums.</summary>
    public float* Outputs(byte* scratch) => (float*)(scratch + _outputs);

    /// <summary>The scores of a stretch, <see cref="AttentionTile.ScoreStride"/> floats from one query's to the next one's; a tile's may begin before them.</summary>
    public float* Scores(byte* scratch) => (float*)(scratch + _scores) + AttentionTile.Entries;

    /// <summary>A head that is normalized and not yet rotated.</summary>
    public float* Head(byte* scratch) => (float*)(scratch + _head);

    /// <summary>A key as it is cached.</summary>
    public float* Key(byte* scratch) => (float*)(scratch + _key);

    /// <summary>Widened tiles of keys.</summary>
    public float* KeyTile(byte* scratch) => (float*)(scratch + _keys);

    /// <summary>Widened tiles of values.</summary>
    public float* ValueTile(byte* scratch) => (float*)(scratch + _values);

    private static long Align(long bytes) => (bytes + 63) & ~63L;
}
