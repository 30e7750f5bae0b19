using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>
/// For each row that wants its sequence's vector (<see cref="Backends.RowOutputs.Pooled"/>): the mean of the rows that the sequence has in the batch, or the first or the last of them.
/// What follows from it is computed for these rows only; it may go through products, norms, nonlinearities, sums and factors, and meets no value of all rows again.
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">A value of all rows.</param>
/// <param name="Output">As wide as the input.</param>
/// <param name="Kind">Which rows; not <see cref="PoolingKind.None"/>.</param>
public sealed record PoolNode(string Name, GraphValue Input, GraphValue Output, PoolingKind Kind) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Pool;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}
