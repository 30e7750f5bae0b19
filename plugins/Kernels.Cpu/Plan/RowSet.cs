namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Which rows of a step a stage computes.</summary>
internal enum RowSet
{
    /// <summary>All rows of the batch.</summary>
    All,

    /// <summary>Those that want logits.</summary>
    Logits,

    /// <summary>One for each row that wants its sequence's vector; values of this set have so many rows, numbered from 0.</summary>
    Pooled,
}
