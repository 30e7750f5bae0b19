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

    /// <summary>The sizes that the runtime was built for.</summary>
    public required RuntimeLimits Limits { get; init; }

    /// <summary>The context that the user gave the model, which every sequence is planned for then; null: a sequence is planned for its prompt and what it may generate.</summary>
    public int? PlannedContext { get; init; }

    /// <summary>The tokenizer.</summary>
    public required ITokenizer Tokenizer { get; init; }

    /// <summary>Drafts tokens; null: plain decoding.</summary>
    public IDecodingStrategy? Strategy { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Runtime.Dispose();
        Leases.Dispose();
    }
}
