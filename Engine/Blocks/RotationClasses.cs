namespace Tessera.Engine.Blocks;

/// <summary>Planned lengths that a graph's rotations take for one another (<see cref="RopeTable.Differs"/>): sequences of one class may share cache entries.</summary>
internal sealed class RotationClasses
{
    private readonly int[] _thresholds;
    private readonly int _stretched = int.MaxValue;

    /// <summary>Looks at all rotations of a graph.</summary>
    public RotationClasses(ModelGraph graph)
    {
        SortedSet<int> thresholds = [];
        foreach (RopeNode node in graph.Nodes.OfType<RopeNode>())
        {
            if (node.Table.Long is { } table)
                thresholds.Add(table.AboveTokens);
            if (node.Table.Stretch is { } stretch)
                _stretched = Math.Min(_stretched, stretch.OriginalContext);
        }
        _thresholds = [.. thresholds];
    }

    /// <summary>A number that two planned lengths have in common exactly where no rotation differs between them.</summary>
    public int Of(int planned)
    {
        // Above the trained length every length has frequencies of its own; below, the step that it has reached counts.
        if (planned > _stretched)
            return planned;
        int reached = 0;
        foreach (int threshold in _thresholds)
            if (planned > threshold)
                reached = threshold + 1;
        return reached;
    }
}
