namespace Tessera.Engine;

/// <summary>An immutable set of parts that answer together: one model, its graph and runtime, its tokenizer and strategy. Owns the runtime and, through the leases, everything that the runtime needs.</summary>
public sealed class Composition : IDisposable
{
    /// <summary>Joins the parts.</summary>
    /// <param name="leases">Disposed last: leases on plugin generations and mapped files.</param>
    public Composition(IDisposable leases) => Leases = leases;

    /// <summary>What keeps the parts alive.</summary>
    public IDisposable Leases { get; }

    /// <summary>The model's name as clients know it.</summary>
    public required string Name { get; init; }

    /// <summary>What the files say.</summary>
    public required ModelSource Source { get; init; }

    /// <summary>The graph.</summary>
    public required ModelGraph Graph { get; init; }

    /// <summary>The lowered graph.</summary>
    public required IModelRuntime Runtime { get; init; }

    /// <summary>What the backends said that were asked before the one that has the model; empty where the first took it.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];

    /// <summary>The sizes that the runtime was built for.</summary>
    public required RuntimeLimits Limits { get; init; }

    /// <summary>The context that the user gave the model, which every sequence is planned for then; null: a sequence is planned for its prompt and what it may generate.</summary>
    public int? PlannedContext { get; init; }

    /// <summary>The tokenizer.</summary>
    public required ITokenizer Tokenizer { get; init; }

    /// <summary>Drafts tokens; null: plain decoding.</summary>
    public IDecodingStrategy? Strategy { get; init; }

    /// <summary>A second model that <see cref="Strategy"/> may draft with, of the same vocabulary; null: there is none.</summary>
    public Composition? Draft { get; init; }

    /// <summary>The most tokens of a text whose vector is wanted.</summary>
    public int LongestPooled => Graph.NeedsWholeSequences ? Math.Min(Limits.MaxContext, Limits.MaxRows) : Limits.MaxContext;

    /// <summary>The number of token types; 1 for a model that has no embedding of them.</summary>
    public int TokenTypes => Graph.Nodes.OfType<EmbedNode>().FirstOrDefault(n => n.Index == EmbedIndex.TokenType) is { } node ? (int)Math.Min(node.Weight.Rows, int.MaxValue) : 1;

    /// <inheritdoc/>
    public void Dispose()
    {
        // A part that throws keeps the others from nothing: the leases must come back.
        try
        {
            Draft?.Dispose();
        }
        finally
        {
            DisposeOwn();
        }
    }

    private void DisposeOwn()
    {
        try
        {
            Runtime.Dispose();
        }
        finally
        {
            Leases.Dispose();
        }
    }
}
