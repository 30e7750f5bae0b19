using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Test.Leaky;

/// <summary>Does one of the things that keep a plugin from being unloaded.</summary>
public sealed class LeakyPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options) =>
        services.AddSingleton<ITileSource>(_ => new LeakySource(options["leak"]));
}

internal sealed class LeakySource : ITileSource, IDisposable
{
    private readonly string _leak;
    private readonly Timer? _timer;

    public LeakySource(string leak)
    {
        _leak = leak;
        switch (leak)
        {
            case "event":
                AppDomain.CurrentDomain.ProcessExit += Nothing;
                break;
            case "thread":
                new Thread(static () => new ManualResetEventSlim().Wait()) { IsBackground = true }.Start();
                break;
            case "timer":
                _timer = new Timer(Tick, null, 0, 500);
                break;
            case "handle":
                GCHandle.Alloc(this);
                break;
            case "json":
                JsonSerializer.Serialize(new Pair(1, 2));
                break;
        }
    }

    public ITile? TryGet(string layout) => null;

    public void Dispose()
    {
        if (_leak == "dispose")
            new ManualResetEventSlim().Wait();
    }

    private static void Nothing(object? sender, EventArgs e)
    {
    }

    // The runtime holds the timer's callback, which holds this, which holds the timer: nobody disposes it.
    private void Tick(object? state) => _timer?.Change(500, 500);

    private sealed record Pair(int First, int Second);
}
