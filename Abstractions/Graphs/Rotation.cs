using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>Rotates pairs of each head by position · frequency (arXiv 2104.09864).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">[rows, heads · head length].</param>
/// <param name="Output">As wide as the input.</param>
/// <param name="Heads">The number of heads.</param>
/// <param name="HeadLength">Elements of a head; 2 · frequencies of them rotate, the rest pass.</param>
/// <param name="Table">Frequencies, pairing and magnitude; any scaling is in them already.</param>
public sealed record RopeNode(string Name, GraphValue Input, GraphValue Output, int Heads, int HeadLength, RopeTable Table) : GraphNode(Name, Output)
{
    /// <summary>The first element of a head that rotates; other than 0: revision 2.</summary>
    public int Offset { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.Rope;
    /// <inheritdoc/>
    public override int Revision => Offset == 0 && Table.Long is null && Table.Stretch is null ? 1 : 2;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}

/// <summary>The rotation of a model.</summary>
/// <param name="Pairing">Which elements rotate together; for halves, i and i + frequencies.</param>
/// <param name="Frequencies">Radians for each position, one for each pair.</param>
/// <param name="Magnitude">A factor on cos and sin.</param>
public sealed record RopeTable(RopePairing Pairing, float[] Frequencies, float Magnitude)
{
    /// <summary>What takes the place of frequencies and magnitude for sequences that are planned to become long, or null; revision 2.</summary>
    public LongRope? Long { get; init; }

    /// <summary>Frequencies by a sequence's planned length, or null; revision 2.</summary>
    public RopeStretch? Stretch { get; init; }

    /// <summary>Whether sequences of different planned lengths (<see cref="Backends.Batch.PlannedTokens"/>) may rotate differently, so that they must not share cache entries.</summary>
    /// <param name="one">A planned length in tokens.</param>
    /// <param name="other">Another.</param>
    public bool Differs(int one, int other) =>
        (Long is not null && one > Long.AboveTokens != other > Long.AboveTokens)
        || (Stretch is not null && Math.Max(one, Stretch.OriginalContext) != Math.Max(other, Stretch.OriginalContext));
}

/// <summary>LongRoPE (arXiv 2402.13753): the rotation of sequences that are planned for more tokens than a limit.</summary>
/// <param name="AboveTokens">The limit: a sequence planned for more tokens takes these.</param>
/// <param name="Frequencies">Radians for each position, as many as the table's own.</param>
/// <param name="Magnitude">A factor on cos and sin.</param>
public sealed record LongRope(int AboveTokens, float[] Frequencies, float Magnitude);

/// <summary>
/// Dynamic NTK: a sequence planned for n &gt; original tokens rotates pair i of d/2 by b'^(−2i/d), where b' = base · (factor · n / original − (factor − 1))^(d / (d − 2)); a shorter one by the table's own frequencies.
/// </summary>
/// <param name="Base">The base of the table's own frequencies.</param>
/// <param name="Factor">The factor; at least 1.</param>
/// <param name="OriginalContext">The context that the model was trained with, in tokens.</param>
public sealed record RopeStretch(double Base, double Factor, int OriginalContext);
