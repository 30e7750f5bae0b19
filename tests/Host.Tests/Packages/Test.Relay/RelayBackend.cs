namespace Tessera.Test.Relay;

/// <summary>Computes embeddings, heads and the vectors of last rows, and nothing else.</summary>
internal sealed class RelayBackend : IKernelBackend, IDisposable
{
    private readonly Habits _habits;

    public RelayBackend(Habits habits)
    {
        _habits = habits;
        if (habits.Fault == "constructor")
            throw new RelayException("no backend");
        if (habits.Fault == "background")
            new Thread(() => throw new RelayException("alone on a thread")) { IsBackground = true }.Start();
    }

    /// <inheritdoc/>
    public string Name => "relay";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> Operations { get; } = new Dictionary<string, int> { [Abstractions.Graphs.Operations.Embed] = 1, [Abstractions.Graphs.Operations.Pool] = 1, [Abstractions.Graphs.Operations.LmHead] = 1 };

    /// <inheritdoc/>
    public IModelRuntime Build(BackendRequest request)
    {
        if (request.Graph.Nodes.FirstOrDefault(n => n is not (EmbedNode or LmHeadNode or PoolNode { Kind: PoolingKind.Last })) is { } unknown)
            throw new UnsupportedModelException($"relay: no operation '{unknown.Operation}' (node '{unknown.Name}')");
        bool isOwn = request.Graph.VocabularySize == RelayFormat.Letters;
        _habits.HangIf(isOwn ? "hang-build" : "hang-canary");
        if (isOwn)
            (AppContext.GetData("relay.built") as Action)?.Invoke();
        return new RelayRuntime(_habits, request, isOwn);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _habits.HangIf("hang-dispose");
        if (_habits.Fault == "dispose")
            throw new RelayException("stays");
    }
}
