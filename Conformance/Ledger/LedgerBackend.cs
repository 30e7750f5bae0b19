namespace Tessera.Conformance.Ledger;

/// <summary>A backend that computes nothing and remembers which (token, position) stands in each cache slot. Built for a <see cref="LedgerModel"/>, it takes any graph and looks at its cache groups and vocabulary only.</summary>
/// <remarks>An engine may swallow what a runtime throws: a test must also assert that <see cref="Violations"/> is empty.</remarks>
/// <param name="suppressed">Tokens that are never the greedy pick; the model's.</param>
public sealed class LedgerBackend(IReadOnlyList<int>? suppressed = null) : IKernelBackend
{
    private readonly Lock _lock = new();
    private readonly List<string> _violations = [];
    private readonly List<LedgerRuntime> _runtimes = [];
    private long _steps;

    /// <inheritdoc/>
    public string Name => "ledger";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new[]
    {
        Abstractions.Graphs.Operations.Embed, Abstractions.Graphs.Operations.RmsNorm, Abstractions.Graphs.Operations.Linear, Abstractions.Graphs.Operations.Rope,
        Abstractions.Graphs.Operations.Attention, Abstractions.Graphs.Operations.GatedActivation, Abstractions.Graphs.Operations.Add, Abstractions.Graphs.Operations.LmHead,
    }.ToDictionary(id => id, _ => 1);

    /// <summary>The step that throws, counted from 1 over all runtimes of this backend; 0: none.</summary>
    public long ThrowAtStep { get; set; }

    /// <summary>The most best tokens that its runtimes choose; 0: they hand logits out and nothing else.</summary>
    public int MaxBest { get; init; }

    /// <summary>Every row that sees this token gets logits of NaN; −1: none.</summary>
    public int NanToken { get; set; } = -1;

    /// <summary>Called in each step, after its writes and before its logits; may set <see cref="Batch.Abort"/> or throw.</summary>
    public Action<Batch>? OnStep { get; set; }

    /// <summary>The steps of all runtimes so far.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Every mistake that was found, in order; the runtime also threw it.</summary>
    public IReadOnlyList<string> Violations { get { lock (_lock) return [.. _violations]; } }

    /// <summary>Every runtime that was built, in order.</summary>
    public IReadOnlyList<LedgerRuntime> Runtimes { get { lock (_lock) return [.. _runtimes]; } }

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        LedgerRuntime runtime = new(this, request.Graph, request.Limits, request.KvBudget, [.. suppressed ?? []]);
        lock (_lock)
            _runtimes.Add(runtime);
        return runtime;
    }

    internal long NextStep() => Interlocked.Increment(ref _steps);

    internal void Record(string violation)
    {
        lock (_lock)
            _violations.Add(violation);
    }
}
