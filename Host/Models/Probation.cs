using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Models;

/// <summary>A version of a plugin that is in use and has still to do well, and the one that takes over where it does not.</summary>
internal sealed class Probation : IDisposable
{
    /// <summary>Differences between the steps of two compositions below this say nothing.</summary>
    private const double LeastMilliseconds = 2;

    private PluginLease? _hold;
    private readonly CancellationTokenSource _over = new();
    private readonly Dictionary<StepTimes, long> _seen = [];
    private int _slow;

    /// <summary>Begins one.</summary>
    /// <param name="next">The version.</param>
    /// <param name="good">The last-known-good one, kept loaded; null: the plugin was not there before.</param>
    /// <param name="hold">A lease on it.</param>
    /// <param name="before">The models that have a new composition, and how long the steps of their old ones took, where they can be compared.</param>
    public Probation(PluginGeneration next, PluginGeneration? good, PluginLease? hold, IReadOnlyList<(ServedModel Model, StepTimes? Times)> before)
    {
        (Next, Good, _hold, Before) = (next, good, hold, before);
        Good?.IsKept = hold is not null;
    }

    public PluginGeneration Next { get; }

    public PluginGeneration? Good { get; }

    public StoredVersion Version => Next.Stored;

    /// <summary>What the journal says once it has proved itself.</summary>
    public required Func<PluginRecord, PluginRecord> Proven { get; init; }

    /// <summary>What the journal says once it has given way, for a reason or, null, because somebody asked for it.</summary>
    public required Func<PluginRecord, string?, PluginRecord> GivenWay { get; init; }

    public IReadOnlyList<(ServedModel Model, StepTimes? Times)> Before { get; }

    /// <summary>Cancelled when it has ended, one way or the other.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>What is wrong with the compositions that use the version; null: nothing, so far.</summary>
    /// <param name="maxSlowdown">By which factor steps may be slower; 0: it does not matter.</param>
    public string? Problem(double maxSlowdown)
    {
        double? worst = null;
        foreach ((ServedModel model, StepTimes? before) in Before)
        {
            if (model.Current is not { } current || !current.Uses(Next))
                continue;
            if (current.Engine.DraftingProblem is { } drafting)
                return $"model '{model.Name}': {drafting}";
            if (before is not null && Slowdown(current.Times, before) is { } slowdown)
                worst = Math.Max(worst ?? 0, slowdown);
        }
        // Once may be the machine's doing.
        if (worst is not null)
            _slow = maxSlowdown > 0 && worst > maxSlowdown ? _slow + 1 : 0;
        return _slow >= 2 ? $"its steps take {worst:F1} times as long as those before (plugins.maxSlowdown: {maxSlowdown:g3})" : null;
    }

    /// <summary>Ends it; true the first time.</summary>
    public bool TryEnd()
    {
        if (_over.IsCancellationRequested)
            return false;
        _over.Cancel();
        return true;
    }

    /// <summary>The lease on the last-known-good version, for the next probation.</summary>
    public PluginLease? GiveHold() => Interlocked.Exchange(ref _hold, null);

    private double? Slowdown(StepTimes now, StepTimes before)
    {
        long seen = _seen.GetValueOrDefault(now);
        double? slowdown = now.SlowdownOver(before, LeastMilliseconds, ref seen);
        _seen[now] = seen;
        return slowdown;
    }

    /// <summary>Lets the last-known-good version go.</summary>
    public void Dispose()
    {
        if (GiveHold() is not { } hold)
            return;
        Good?.IsKept = false;
        hold.Dispose();
    }
}

/// <summary>A version that an edited configuration puts in use.</summary>
/// <param name="Next">The version.</param>
/// <param name="Wanted">What the journal named before; null: the package of <c>plugins.folder</c>.</param>
internal sealed record AnnouncedVersion(PluginGeneration Next, StoredVersion? Wanted);
