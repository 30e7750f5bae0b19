using Tessera.Engine;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api;

/// <summary>A hold on the composition that a request runs on. Who uses it is told when the composition has changed beneath, and goes on with the new one. Used by one task at a time.</summary>
internal sealed class ModelUse : IDisposable
{
    private readonly ApiModels _models;
    private readonly ServedModel _served;
    private ApiModel? _model;
    private EngineLease? _lease;

    public ModelUse(ApiModels models, ServedModel served, EngineLease lease)
    {
        (_models, _served, _lease) = (models, served, lease);
        _model = models.Of(lease);
    }

    public ModelEngine Engine => Lease.Engine;

    public ApiModel Model => _model ?? throw new ObjectDisposedException(nameof(ModelUse));

    /// <summary>Completes when another composition takes over what runs on this one; another task from then on.</summary>
    public Task Moved => Lease.Moved;

    private EngineLease Lease => _lease ?? throw new ObjectDisposedException(nameof(ModelUse));

    /// <summary>Another hold on the same composition.</summary>
    public ModelUse Share() => new(_models, _served, Lease.Share());

    /// <summary>Waits for something that runs on the composition, and goes over to the one that takes it over meanwhile: nothing of the old one is held then.</summary>
    /// <returns>Whether it went over.</returns>
    public async ValueTask<bool> FollowUntilAsync(Task ended)
    {
        bool moved = false;
        while (!ended.IsCompleted && await Task.WhenAny(ended, Lease.Moved).ConfigureAwait(false) != ended)
            moved |= TryFollow();
        return moved;
    }

    /// <summary>Goes over to the composition that has taken over what runs on this one.</summary>
    /// <returns>False: none has.</returns>
    public bool TryFollow()
    {
        bool moved = false;
        while (Lease.TryFollow() is { } next)
        {
            _lease = next;
            moved = true;
        }
        if (moved)
            _model = _models.Of(Lease);
        return moved;
    }

    /// <summary>Calls code of the composition's plugins outside of the engine. Where it throws, and the model has a last-known-good composition, the call is made again with that one.</summary>
    /// <exception cref="ApiException">It fails, and there is nothing to go back to; or what the call itself says.</exception>
    public async Task<T> CallAsync<T>(Func<ApiModel, T> call)
    {
        while (true)
        {
            string text;
            try
            {
                return call(Model);
            }
            catch (PluginFaultException e)
            {
                text = e.Message;
            }
            if (!await RecoverAsync(text).ConfigureAwait(false))
                throw new ApiException(500, $"model '{_served.Name}': a plugin has failed: {text}", code: "plugin_failed");
        }
    }

    /// <summary>Reports that a plugin has thrown, and goes over to the last-known-good composition.</summary>
    /// <returns>False: there is none.</returns>
    public async Task<bool> RecoverAsync(string text)
    {
        if (TryFollow())
            return true;
        if (!await _served.ReportAsync(Lease.Generation, text).ConfigureAwait(false))
            return false;
        if (TryFollow())
            return true;
        // What runs elsewhere has not moved yet: this request has nothing that would.
        EngineLease old = Lease;
        if (_served.TryAcquire() is not { } next)
            return false;
        bool isOther = next.Engine != old.Engine;
        (_lease, _model) = (next, _models.Of(next));
        old.Dispose();
        return isOther;
    }

    /// <summary>Lets the composition go; what still holds this object holds nothing of it.</summary>
    public void Dispose()
    {
        _lease?.Dispose();
        (_lease, _model) = (null, null);
    }
}
