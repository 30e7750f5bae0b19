using Tessera.Engine;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

public sealed partial class ServedModel
{
    /// <summary>A request that was part of so many failed steps, each time on a composition with nothing better behind it, ends with the failure.</summary>
    private const int MostFaults = 2;

    /// <summary>An engine that fails more often within <see cref="RebuildWindow"/> is out of service.</summary>
    private const int MostRebuilds = 3;

    private static readonly TimeSpan RebuildWindow = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _rebuilds = new();
    private readonly HashSet<EngineGeneration> _hung = [];

    /// <summary>Takes note that a plugin of the composition that a request uses has thrown outside of a step.</summary>
    /// <returns>True when the model has its last-known-good composition again, and the request may be tried there.</returns>
    internal async Task<bool> ReportAsync(EngineGeneration generation, string text) =>
        !IsCurrent(generation) || (_services.RollBack is { } rollBack && await rollBack(this, generation, text).ConfigureAwait(false));

    /// <summary>Looks for steps that do not come back: gives them up where the plugin heeds that, and after the time goes on without them.</summary>
    internal void Watch()
    {
        TimeSpan stuck = _services.Stuck;
        EngineGeneration[] all;
        lock (_lock)
            all = [.. _draining.Keys, .. _current is null ? [] : (EngineGeneration[])[_current]];
        foreach (EngineGeneration generation in all)
        {
            TimeSpan time = generation.Engine.CallTime;
            if (time > stuck / 2)
                generation.Engine.Interrupt();
            if (time <= stuck)
                continue;
            lock (_lock)
                if (!_hung.Add(generation))
                    continue;
            generation.Open?.Backend?.MarkStuck();
            _ = Task.Run(() => RecoverAsync(generation, $"a step has not come back for {stuck.TotalSeconds:0} s"));
        }
    }

    /// <summary>On the step thread: quick.</summary>
    private void OnFault(ModelEngine engine, string text)
    {
        EngineGeneration? generation;
        lock (_lock)
            generation = _current?.Engine == engine ? _current : _draining.Keys.FirstOrDefault(g => g.Engine == engine);
        _ = generation is null ? engine.GiveUpAsync() : Task.Run(() => RecoverAsync(generation, text));
    }

    /// <summary>What a failed composition ran goes on: on the one that has replaced it already, on the last-known-good one, or on the same built anew.</summary>
    private async Task RecoverAsync(EngineGeneration generation, string text)
    {
        _services.Observer?.Faulted(Name);
        _logger.LogError("model '{Name}': its engine has failed: {Error}", Name, text);
        try
        {
            if (!IsCurrent(generation))
                await MoveAsync(generation).ConfigureAwait(false);
            else if (_services.RollBack is not { } rollBack || !await rollBack(this, generation, text).ConfigureAwait(false))
                await RebuildAsync(generation, text).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await EndAsync(generation, $"{text}; {Failure.Describe(e)}").ConfigureAwait(false);
        }
    }

    private async Task RebuildAsync(EngineGeneration generation, string text)
    {
        if (!MayRebuild())
        {
            await EndAsync(generation, text).ConfigureAwait(false);
            return;
        }
        using PreparedEngine next = await PrepareAsync(_services.Builder, Configuration, share: true, CancellationToken.None).ConfigureAwait(false);
        if (IsCurrent(generation))
            next.Commit(TimeSpan.Zero);
        _logger.LogWarning("model '{Name}': built anew", Name);
    }

    private bool MayRebuild()
    {
        long now = _services.Time.GetTimestamp();
        lock (_lock)
        {
            while (_rebuilds.TryPeek(out long first) && _services.Time.GetElapsedTime(first, now) > RebuildWindow)
                _rebuilds.Dequeue();
            if (_rebuilds.Count == MostRebuilds)
                return false;
            _rebuilds.Enqueue(now);
            return true;
        }
    }

    /// <summary>Nothing is left to go on with: what runs ends with the failure, and the model is out of service until a load or a switch.</summary>
    private async Task EndAsync(EngineGeneration generation, string text)
    {
        lock (_lock)
            if (_current == generation)
                (State, Error) = (ModelState.Failed, text);
        _logger.LogError("model '{Name}' is out of service: {Error}", Name, text);
        await generation.GiveUpAsync(_services.Stuck).ConfigureAwait(false);
    }

    /// <summary>Moves what an old engine still runs to the one that answers now, where that runs the same model.</summary>
    private async Task MoveAsync(EngineGeneration old)
    {
        bool failed = old.Engine.IsHeld || old.Engine.CallTime > _services.Stuck;
        while (true)
        {
            EngineGeneration? next = Current;
            if (next is null || next == old || !next.IsSameModel(old) || !IsLive)
                break;
            using EngineLease? hold = next.TryAcquire();
            if (hold is null)
                continue;
            if (!next.Engine.CanAdopt(old.Engine))
                break;
            // Where another version took its place, the failure was the old version's and not its requests'.
            bool sameParts = next.Open!.Plugins.SequenceEqual(old.Open!.Plugins);
            int moved = await old.MoveToAsync(next, failed && sameParts ? MostFaults : int.MaxValue, _services.Stuck).ConfigureAwait(false);
            if (moved > 0)
            {
                _services.Observer?.Migrated(Name, moved);
                _logger.LogInformation("model '{Name}': {Count} sequences migrated to the new composition", Name, moved);
            }
            return;
        }
        if (failed)
            await old.GiveUpAsync(_services.Stuck).ConfigureAwait(false);
        else
            _logger.LogInformation("model '{Name}': what the old composition runs ends there: the new one is no other composition of the same files", Name);
    }

    private bool IsCurrent(EngineGeneration generation)
    {
        lock (_lock)
            return _current == generation;
    }
}
