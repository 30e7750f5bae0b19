namespace Tessera.Acceptance.Tests.Stack;

/// <summary>The host as shipped, loaded once for all tests that change nothing of it: what a test computes does not depend on who has used the plugins before, and their code is compiled only once.</summary>
public sealed class SharedStack : IAsyncDisposable
{
    private readonly Lazy<HostStack> _host = new(() => new HostStack());
    private readonly Dictionary<int, HostStack> _withLanes = [];

    /// <summary>With threads as configured.</summary>
    internal HostStack Host => _host.Value;

    /// <summary>With so many threads.</summary>
    internal HostStack WithLanes(int lanes)
    {
        if (!_withLanes.TryGetValue(lanes, out HostStack? stack))
            _withLanes.Add(lanes, stack = new HostStack(lanes));
        return stack;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host.IsValueCreated)
            await _host.Value.DisposeAsync();
        foreach (HostStack stack in _withLanes.Values)
            await stack.DisposeAsync();
    }
}
