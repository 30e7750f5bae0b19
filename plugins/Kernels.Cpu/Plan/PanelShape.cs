using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The part of a lane's scratch memory where rows attend that stand by features, behind what rows need.</summary>
internal sealed unsafe class PanelShape
{
    /// <summary>Query heads that walk over the cache together; more would leave the second-level cache with their queries and sums.</summary>
    public const int MostHeads = 4;

    private readonly long _rows, _states, _queries, _outputs, _scores, _head;

    /// <summary>Lays it out.</summary>
    /// <param name="shape">What lies before.</param>
    public PanelShape(AttentionShape shape)
    {
        // Rows of a short head are padded further than a panel of it.
        (QueryFloats, OutputFloats) = (Math.Max((long)shape.KeyLength, 8) * PanelRows.Most, (long)shape.OutputStride * PanelRows.Most);
        _rows = shape.Bytes;
        _states = _rows + 64L * ((sizeof(PanelRows) + 63) / 64);
        _queries = _states + 2L * MostHeads * sizeof(PanelState);
        _outputs = _queries + MostHeads * QueryFloats * sizeof(float);
        _scores = _outputs + 2 * MostHeads * OutputFloats * sizeof(float);
        _head = _scores + MostHeads * ScoreFloats * sizeof(float);
        Bytes = _head + QueryFloats * sizeof(float);
    }

    /// <summary>Floats from one head's scores to the next one's.</summary>
    public const long ScoreFloats = (long)AttentionTile.Stretch * PanelRows.Most;

    /// <summary>Floats from one head's queries to the next one's.</summary>
    public long QueryFloats { get; }

    /// <summary>Floats from one head's sums to the next one's.</summary>
    public long OutputFloats { get; }

    /// <summary>Bytes of the scratch memory, with what lies before.</summary>
    public long Bytes { get; }

    /// <summary>What rows see.</summary>
    public PanelRows* Rows(byte* scratch) => (PanelRows*)(scratch + _rows);

    /// <summary>The heads' softmaxes, then those over a later span.</summary>
    public PanelState* States(byte* scratch) => (PanelState*)(scratch + _states);

    /// <summary>The heads' queries. While keys and values are written: rotated keys; these, rounded.</summary>
    public float* Queries(byte* scratch) => (float*)(scratch + _queries);

    /// <summary>The heads' weighted sums, then those over a later span. While keys and values are written: values as rows.</summary>
    public float* Outputs(byte* scratch) => (float*)(scratch + _outputs);

    /// <summary>The heads' scores of a stretch.</summary>
    public float* Scores(byte* scratch) => (float*)(scratch + _scores);

    /// <summary>A head of a panel that is normalized and not yet rotated.</summary>
    public float* Head(byte* scratch) => (float*)(scratch + _head);
}
