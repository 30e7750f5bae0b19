using System.Globalization;
using Xunit;

namespace Tessera.MetalEmulator;

/// <summary>One test's use of the emulator. Closing it fails the test where something was found that the test did not take, or where an object is left.</summary>
public sealed class EmulatorSession : IDisposable
{
    private const string Hold = "hold-commands";

    private readonly EmulatorLibrary _library;
    private readonly SemaphoreSlim _turn;
    private long _liveBefore;
    private bool _closed;

    internal EmulatorSession(EmulatorLibrary library, EmulatorMode mode, SemaphoreSlim turn)
    {
        _library = library;
        _turn = turn;
        Use(mode);
        library.Set("fail-next-command", "0");
        library.Set(Hold, "0");
        library.Set("core-graphics", "0");
        library.ClearFindings();
        library.ResetCounters();
        _liveBefore = library.LiveObjects;
    }

    /// <summary>What has gone wrong so far: faults of kernels and misuse of the API, each a sentence.</summary>
    public IReadOnlyList<string> Findings => _library.Findings;

    /// <summary>Objects that this session's code has made and not released.</summary>
    public long LiveObjects => _library.LiveObjects - _liveBefore;

    /// <summary>Changes the mode for what is compiled and run from now on.</summary>
    public void Use(EmulatorMode mode)
    {
        foreach ((string name, object value) in new (string, object)[]
        {
            ("order", mode.Order.ToString().ToLowerInvariant()), ("seed", mode.Seed), ("checked", mode.Checked ? 1 : 0),
            ("seconds-per-dispatch", mode.SecondsPerDispatch), ("memory-limit", mode.MemoryLimit), ("family", mode.Family),
            ("default-device", mode.HasDefaultDevice ? 1 : 0), ("listed-device", mode.ListsDevice ? 1 : 0), ("needs-core-graphics", mode.NeedsCoreGraphics ? 1 : 0),
            ("edit-find", mode.Bug?.Find ?? ""), ("edit-replace", mode.Bug?.Replace ?? ""), ("edit-occurrence", mode.Bug?.Occurrence ?? 1),
        })
            _library.Set(name, Convert.ToString(value, CultureInfo.InvariantCulture)!);
    }

    /// <summary>Returns the findings and forgets them: the test expects them.</summary>
    public IReadOnlyList<string> TakeFindings()
    {
        IReadOnlyList<string> findings = _library.Findings;
        _library.ClearFindings();
        return findings;
    }

    /// <summary>What was done since the session began: compiles, edits, command-buffers, dispatches, threads, meetings, barriers or accesses.</summary>
    public long Count(string counter) => _library.Counter(counter);

    /// <summary>Bytes in the buffers that only the GPU sees, now.</summary>
    public long PrivateBytes => _library.Counter("private-bytes");

    /// <summary>Bytes in the buffers that both processors see, now.</summary>
    public long SharedBytes => _library.Counter("shared-bytes");

    /// <summary>Lets the next command buffer that runs end in an error of this MTLCommandBufferError code, without doing anything.</summary>
    public void FailNextCommand(int code) => _library.Set("fail-next-command", code.ToString(CultureInfo.InvariantCulture));

    /// <summary>Command buffers wait before they run, as on a device that is busy otherwise, until this is called with false.</summary>
    public void HoldCommands(bool isHeld) => _library.Set(Hold, isHeld ? "1" : "0");

    /// <summary>The objects that are left, by class, as "2 MTLBuffer, 1 NSString".</summary>
    public string Living => _library.Living;

    /// <summary>Objects that are left now count as none: what failed half-way could not release them.</summary>
    internal void ForgetLiveObjects() => _liveBefore = _library.LiveObjects;

    /// <summary>Fails where something was found or left; else the session goes on.</summary>
    public void AssertClean()
    {
        Assert.Empty(Findings);
        Assert.True(LiveObjects == 0, $"{LiveObjects} objects are left: {Living}");
    }

    /// <summary>Fails the test where <see cref="AssertClean"/> would, and lets the next session begin.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        HoldCommands(false);
        try
        {
            AssertClean();
        }
        finally
        {
            _library.ClearFindings();
            Use(EmulatorMode.Plain);
            _turn.Release();
        }
    }
}
