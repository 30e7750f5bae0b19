namespace Tessera.Abstractions.Graphs;

/// <summary>output = a + b.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="A">a.</param>
/// <param name="B">b, as wide as a.</param>
/// <param name="Output">As wide as a.</param>
public sealed record AddNode(string Name, GraphValue A, GraphValue B, GraphValue Output) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Add;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [A, B];
}

/// <summary>output = x · factor.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Factor">The factor.</param>
public sealed record ScaleNode(string Name, GraphValue Input, GraphValue Output, float Factor) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Scale;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}

/// <summary>The same columns of each of equal groups of a row, one group's after the other's: the parts of a fused projection.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">[rows, groups · group length].</param>
/// <param name="Output">[rows, groups · length of the part].</param>
/// <param name="Groups">The number of groups; 1 for a plain range of columns.</param>
/// <param name="Offset">The part's first column within a group.</param>
public sealed record SliceNode(string Name, GraphValue Input, GraphValue Output, int Groups, int Offset) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Slice;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}

/// <summary>For each of equal groups: the group's part of a, then the group's part of b.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="A">[rows, groups · length].</param>
/// <param name="B">[rows, groups · length], or [rows, length] where all groups take the same.</param>
/// <param name="Output">[rows, groups · (both lengths)].</param>
/// <param name="Groups">The number of groups.</param>
/// <param name="BIsShared">All groups take the whole of b.</param>
public sealed record ConcatNode(string Name, GraphValue A, GraphValue B, GraphValue Output, int Groups, bool BIsShared) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Concat;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [A, B];
}
