using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Holds the relay versions of this process that have a mark in the middle of a step, so that what a test looks at lasts until it has looked.</summary>
internal sealed class RelayHold : IDisposable
{
    private const string Held = "relay.held", Hold = "relay.hold";

    /// <summary>Holds those with a mark from now on.</summary>
    public RelayHold(int mark)
    {
        AppContext.SetData(Held, null);
        Of(mark);
    }

    /// <summary>Holds those with this mark, and no others.</summary>
    public static void Of(int mark) => AppContext.SetData(Hold, mark);

    /// <summary>Waits until a step with this mark is held.</summary>
    public static Task UntilHeldAsync(int mark) => TestServer.UntilAsync(() => AppContext.GetData(Held) is int held && held == mark, $"a step with mark {mark} is held");

    /// <summary>Lets all go on.</summary>
    public void Dispose() => AppContext.SetData(Hold, null);
}
