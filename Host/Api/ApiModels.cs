using System.Runtime.CompilerServices;
using System.Text.Json;
using Tessera.Engine;
using Tessera.Host.Api.OpenAi;
using Tessera.Host.Configuration;
using Tessera.Host.Models;

namespace Tessera.Host.Api;

/// <summary>Finds the model that a request means.</summary>
internal sealed class ApiModels(ModelRegistry registry, LiveConfiguration configuration, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>What was made of each engine's composition; goes with the engine.</summary>
    private readonly ConditionalWeakTable<ModelEngine, ApiModel> _models = [];
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Every configured model.</summary>
    public IReadOnlyList<ModelCard> Cards => [.. registry.Models.Select(Card)];

    /// <summary>One model.</summary>
    public ModelCard Card(string name) => Card(registry.Find(name) ?? throw Unknown(name));

    /// <summary>Holds the model that a body's field <c>model</c> names, or the default one.</summary>
    public ModelUse Acquire(JsonElement body)
    {
        string? name = new FieldReader(body).String("model");
        ServedModel served;
        try
        {
            served = registry.Get(name);
        }
        catch (UnknownModelException)
        {
            throw Unknown(name ?? "");
        }
        try
        {
            EngineLease lease = served.Acquire();
            return new ModelUse(this, served, lease);
        }
        catch (ModelNotReadyException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw new ApiException(503, "the server is stopping", code: "stopping");
        }
        catch (ModelNotReadyException e)
        {
            throw new ApiException(503, e.Message, code: "model_not_ready") { RetryAfter = e.State == ModelState.Loading ? 1 : null };
        }
    }

    internal ApiModel Of(EngineLease lease)
    {
        if (_models.TryGetValue(lease.Engine, out ApiModel? model))
            return model;
        return _models.GetValue(lease.Engine, _ => new ApiModel(lease.Composition, lease.Sampling, configuration.Current.Api.EscapeSpecialTokens));
    }

    private ModelCard Card(ServedModel served)
    {
        using EngineLease? lease = served.TryAcquire();
        // An engine that has failed answers nothing until it is loaded again.
        ModelState state = lease?.Engine is { Faulted: not null, IsHeld: false } ? ModelState.Failed : served.State;
        return new ModelCard(served.Name, "model", _created, "tessera", state.ToString().ToLowerInvariant()) { MaxModelLen = lease?.Composition.Limits.MaxContext };
    }

    private ApiException Unknown(string name) =>
        new(404, $"model '{name}' is not configured; configured are {string.Join(", ", registry.Models.Select(m => m.Name).DefaultIfEmpty("none"))}", "model", "model_not_found");
}
