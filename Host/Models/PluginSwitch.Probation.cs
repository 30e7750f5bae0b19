using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Models;

internal sealed partial class PluginSwitch
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200), AnotherTry = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Probation> _probations = new(StringComparer.Ordinal);

    /// <summary>Whether a generation has still to prove itself.</summary>
    public bool IsOnProbation(PluginGeneration generation) => All().Any(p => p.Next == generation);

    /// <summary>Writes down that an edited configuration is about to put generations in use: a host that is killed before they have proved themselves starts on what they replace, where the store has that.</summary>
    /// <param name="fresh">The generations.</param>
    /// <returns>What the store said before of those that it has to know about.</returns>
    /// <exception cref="PluginException">It cannot be written down; nothing is.</exception>
    public IReadOnlyList<AnnouncedVersion> Announce(IReadOnlyList<PluginGeneration> fresh)
    {
        List<AnnouncedVersion> announced = [];
        try
        {
            WriteDown(fresh, announced);
            return announced;
        }
        catch (PluginException)
        {
            Withdraw(announced);
            throw;
        }
    }

    /// <summary>Takes back what was announced and has not come to be.</summary>
    public void Withdraw(IReadOnlyList<AnnouncedVersion> announced)
    {
        foreach (AnnouncedVersion version in announced)
            Note(version.Next.Id, r => r.Settle(version.Wanted));
    }

    /// <summary>An edited configuration has put other generations in use: those that are new are on probation, and what they replace is retired.</summary>
    /// <param name="gone">What is not in use any more.</param>
    /// <param name="fresh">What is new, and has to prove itself.</param>
    /// <param name="announced">What <see cref="Announce"/> has said of that.</param>
    /// <param name="swapped">The models that have a new composition, and how long the steps of their old ones took, where they can be compared.</param>
    public void Replaced(IReadOnlyList<PluginGeneration> gone, IReadOnlyList<PluginGeneration> fresh, IReadOnlyList<AnnouncedVersion> announced, IReadOnlyList<(ServedModel, StepTimes?)> swapped)
    {
        foreach (PluginGeneration next in fresh)
        {
            PluginGeneration? old = gone.FirstOrDefault(g => g.Id == next.Id);
            Probation? before = Take(next.Id);
            if (before is not null && before.Next.Stored == next.Stored)
                Begin(next, old, before, swapped, before.Proven, before.GivenWay);
            else if (announced.FirstOrDefault(a => a.Next == next) is { } said)
                Begin(next, old, before, swapped, r => r.Settle(said.Wanted), (r, problem) => r.GiveWay(said.Wanted, next.Stored, problem));
            else
                Begin(next, old, before, swapped, r => r, (r, _) => r);
            before?.Dispose();
        }
        foreach (PluginGeneration old in gone)
        {
            if (Of(old.Id) is { } probation && probation.Next == old)
            {
                Take(old.Id)?.Dispose();
                Note(old.Id, r => r.Try(null));
            }
            _ = _plugins.RetireAsync(old, DrainOf(old));
        }
    }

    private void WriteDown(IReadOnlyList<PluginGeneration> fresh, List<AnnouncedVersion> announced)
    {
        foreach (PluginGeneration next in fresh)
        {
            PluginGeneration? old = _plugins.Generations.FirstOrDefault(g => g.Id == next.Id);
            // Other options of the same version are no other version, and the journal knows no options.
            if (old?.Stored == next.Stored)
                continue;
            StoredVersion? wanted = Store.Read().Of(next.Id).Active, good = old is not null && Directory.Exists(Store.At(old.Id, old.Stored).Package.Folder) ? old.Stored : null;
            Store.Update(next.Id, r => r.Watch(good, next.Stored));
            announced.Add(new AnnouncedVersion(next, wanted));
        }
    }

    private bool IsOnTrial(EngineGeneration generation) => All().Any(p => generation.Uses(p.Next));

    private Probation? Of(string id)
    {
        lock (_probations)
            return _probations.GetValueOrDefault(id);
    }

    private Probation[] All()
    {
        lock (_probations)
            return [.. _probations.Values];
    }

    /// <summary>Ends the probation of a plugin, whose outcome somebody else decides.</summary>
    private Probation? Take(string id)
    {
        Probation? probation;
        lock (_probations)
            _probations.Remove(id, out probation);
        if (probation?.TryEnd() == true)
            MarkTrials();
        return probation;
    }

    /// <summary>Tells the engines whether failures that a sequence alone could have are the composition's for now.</summary>
    private void MarkTrials()
    {
        foreach (ServedModel model in _models.Models)
            if (model.Current is { } current)
                current.Engine.IsOnTrial = IsOnTrial(current);
    }

    /// <summary>Watches a version for a while; the last-known-good one stays loaded meanwhile.</summary>
    /// <param name="next">The version.</param>
    /// <param name="old">The one that it replaces.</param>
    /// <param name="before">That one's own probation, which has ended; null: it had proved itself.</param>
    /// <param name="swapped">The models that have a new composition, and how long the steps of their old ones took.</param>
    /// <param name="proven">What the journal says once it has proved itself.</param>
    /// <param name="givenWay">What the journal says once it has given way.</param>
    private void Begin(PluginGeneration next, PluginGeneration? old, Probation? before, IReadOnlyList<(ServedModel, StepTimes?)> swapped, Func<PluginRecord, PluginRecord> proven, Func<PluginRecord, string?, PluginRecord> givenWay)
    {
        // The one between, if there was one, never became good.
        (PluginGeneration? good, PluginLease? hold) = before is null ? (old, old?.Acquire()) : (before.Good, before.GiveHold());
        Probation probation = new(next, good, hold, swapped) { Proven = proven, GivenWay = givenWay };
        lock (_probations)
            _probations[next.Id] = probation;
        MarkTrials();
        _ = WatchAsync(probation);
    }

    private async Task WatchAsync(Probation probation)
    {
        long start = _plugins.Clock.GetTimestamp();
        try
        {
            string? problem = null;
            bool isTried = false;
            while (true)
            {
                await Task.Delay(isTried ? AnotherTry : Poll, probation.Over).ConfigureAwait(false);
                problem ??= probation.Problem(LifeCycle.MaxSlowdown);
                bool isTime = _plugins.Clock.GetElapsedTime(start) >= LifeCycle.Probation;
                if (problem is not null ? await TryAbandonAsync(probation, problem).ConfigureAwait(false) : isTime && await TryProveAsync(probation).ConfigureAwait(false))
                    return;
                isTried = problem is not null || isTime;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // It ended otherwise, or the host ends.
        }
    }

    /// <summary>Ends the probation well; false where that cannot be written down now: it goes on then.</summary>
    private async Task<bool> TryProveAsync(Probation probation)
    {
        try
        {
            await InTurnAsync(() => ProveAsync(probation)).ConfigureAwait(false);
            return true;
        }
        catch (TesseraException e)
        {
            _logger.LogError("plugin '{Id}' {Version}: that it has proved itself is not written down, and is tried again: {Error}", probation.Next.Id, probation.Next.Version, e.Message);
            return false;
        }
    }

    /// <summary>Goes back; false where the last-known-good version cannot be composed now.</summary>
    private async Task<bool> TryAbandonAsync(Probation probation, string problem)
    {
        try
        {
            await InTurnAsync(() => AbandonAsync(probation, problem)).ConfigureAwait(false);
            return true;
        }
        catch (TesseraException e)
        {
            _logger.LogError("plugin '{Id}' {Version}: the way back from it has failed, and is tried again: {Error}", probation.Next.Id, probation.Next.Version, e.Message);
            return false;
        }
    }

    private Task<bool> ProveAsync(Probation probation)
    {
        if (Of(probation.Next.Id) != probation)
            return Task.FromResult(false);
        Store.Update(probation.Next.Id, probation.Proven);
        Take(probation.Next.Id);
        probation.Dispose();
        _logger.LogInformation("plugin '{Id}' {Version} has proved itself", probation.Next.Id, probation.Next.Version);
        Observer?.Switched(probation.Next.Id, "proven");
        return Task.FromResult(true);
    }

    /// <summary>Goes back to the last-known-good version; what runs goes on with it at once.</summary>
    /// <param name="probation">The probation.</param>
    /// <param name="problem">What the version did; null: nothing, somebody asked for it.</param>
    private async Task<IReadOnlyList<string>> AbandonAsync(Probation probation, string? problem)
    {
        (string id, PluginGeneration next, PluginGeneration? good) = (probation.Next.Id, probation.Next, probation.Good);
        if (Of(id) != probation)
            return [];
        _logger.LogError("plugin '{Id}' {Version}: {Problem}; back to {Good}", id, next.Version, problem ?? "rolled back on probation", good?.Version ?? "the time before it");
        good?.Revive();
        IReadOnlyList<string> swapped;
        try
        {
            // A switch to another version in between would have ended this probation. The journal names the good one already, so that it must not keep anybody from going back.
            swapped = await SwapAsync(id, good, TimeSpan.Zero, isTrial: false, () => Note(id, r => probation.GivenWay(r, problem)), isLoss: good is null).ConfigureAwait(false);
        }
        catch
        {
            good?.Retire();
            throw;
        }
        Observer?.Switched(id, "rolled_back");
        return swapped;
    }

    /// <summary>Asked when a composition has failed: where a version on probation is part of it, that one is to blame.</summary>
    private async Task<bool> RollBackAsync(ServedModel model, EngineGeneration failed, string text)
    {
        if (All().OrderByDescending(p => p.Next.Number).FirstOrDefault(p => failed.Uses(p.Next)) is not { } probation)
            return false;
        await InTurnAsync(() => AbandonAsync(probation, text)).ConfigureAwait(false);
        return model.Current != failed;
    }
}
