using Tessera.Engine;
using Tessera.Engine.Architectures;
using Tessera.Engine.Graphs;
using Tessera.Engine.Speculation;
using Tessera.Host.Configuration;
using Tessera.Host.Files;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>Joins a model's files and the loaded plugins into a composition.</summary>
public sealed class CompositionBuilder
{
    /// <summary>The context of a model that names none in the configuration, where the model's own is longer.</summary>
    public const int DefaultContext = 8192;

    private readonly LiveConfiguration _live;
    private readonly PluginHost _plugins;
    private readonly IWorkTeam _team;
    private readonly IMemoryBudget _kvBudget;
    private readonly IReadOnlyList<IModelArchitecture> _architectures;
    private readonly ILogger _logger;
    private HostConfiguration? _configuration;
    private IReadOnlyList<PluginGeneration>? _generations;

    /// <summary>Makes a builder.</summary>
    /// <param name="configuration">The configuration; what is in force when something is built counts.</param>
    /// <param name="plugins">The loaded plugins.</param>
    /// <param name="team">The machine's threads.</param>
    /// <param name="kvBudget">The memory of all KV caches.</param>
    /// <param name="loggers">Loggers.</param>
    /// <param name="architectures">The model families; null: Engine's own. Those of plugins are found beside them, and win.</param>
    public CompositionBuilder(LiveConfiguration configuration, PluginHost plugins, IWorkTeam team, IMemoryBudget kvBudget, ILoggerFactory loggers, IReadOnlyList<IModelArchitecture>? architectures = null) =>
        (_live, _plugins, _team, _kvBudget, _logger, _architectures) =
            (configuration, plugins, team, kvBudget, loggers.CreateLogger<CompositionBuilder>(), architectures ?? BuiltIn.Architectures);

    /// <summary>As the constructor, for a configuration that is in force.</summary>
    public CompositionBuilder(HostConfiguration configuration, PluginHost plugins, IWorkTeam team, IMemoryBudget kvBudget, ILoggerFactory loggers, IReadOnlyList<IModelArchitecture>? architectures = null)
        : this(new LiveConfiguration(configuration), plugins, team, kvBudget, loggers, architectures)
    {
    }

    /// <summary>The configuration that it builds by.</summary>
    public HostConfiguration Configuration => _configuration ?? _live.Current;

    private IReadOnlyList<PluginGeneration> Generations => _generations ?? _plugins.Generations;

    /// <summary>A builder that builds by a configuration and with plugins that are not in force yet.</summary>
    internal CompositionBuilder With(HostConfiguration? configuration, IReadOnlyList<PluginGeneration>? generations)
    {
        CompositionBuilder other = (CompositionBuilder)MemberwiseClone();
        (other._configuration, other._generations) = (configuration, generations);
        return other;
    }

    /// <summary>Builds everything that answers for a model.</summary>
    /// <param name="model">The model's entry.</param>
    /// <param name="progress">Told about reading large files, or null.</param>
    /// <param name="files">The model's files where they are open already, which the composition owns from now on; null: they are opened.</param>
    /// <param name="needsTokenizer">Whether a model whose files hold no tokenizer is refused; else it is built, and takes ids only.</param>
    /// <exception cref="TesseraException">It cannot be built; the text says why. Nothing stays open.</exception>
    public Composition Build(ModelConfiguration model, FileProgress? progress = null, ModelFiles? files = null, bool needsTokenizer = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        OpenModel open = OpenModel.Open(files ?? ModelFiles.At(Existing(model, "path", model.Path), Configuration.Files.Mmap, progress), Generations);
        Composition? draft = null;
        try
        {
            if (open.Source.Faults.Count > 0)
                throw new ModelFormatException(string.Join("; ", open.Source.Faults));
            foreach (string warning in open.Source.Warnings)
                _logger.LogWarning("model '{Name}': {Warning}", model.Name, warning);
            if (files is null)
                Prefault(open);
            ITokenizer tokenizer = needsTokenizer || open.Source.Tokenizer is not null ? open.CreateTokenizer() : new NoTokenizer(open.Files.Name);
            IDecodingStrategy? strategy = Strategy(open, model);
            draft = DraftModel(model, strategy, tokenizer, progress);
            BuiltRuntime built = BuildRuntime(open, model, Limits(open, model, strategy?.MaxDraft ?? 0));
            _logger.LogInformation("model '{Name}': {Architecture} from {Format}, {Tensors} tensors, {Bytes} bytes, context {Context}, on {Plugins}",
                model.Name, open.Source.Metadata.Architecture, open.Source.Format, open.Source.Tensors.Length, open.Files.TotalBytes, built.Limits.MaxContext, string.Join(", ", open.Plugins.Select(p => $"{p.Id} {p.Version}")));
            return new Composition(open)
            {
                Name = model.Name,
                Source = open.Source,
                Graph = built.Graph,
                Runtime = built.Runtime,
                Refusals = built.Refusals,
                Limits = built.Limits,
                PlannedContext = model.Context,
                Tokenizer = tokenizer,
                Strategy = strategy,
                Draft = draft,
            };
        }
        catch
        {
            draft?.Dispose();
            open.Dispose();
            throw;
        }
    }

    /// <summary>The sizes for a model as configured.</summary>
    /// <param name="open">The model.</param>
    /// <param name="model">Its entry.</param>
    /// <param name="maxDraft">The most draft tokens of a sequence in a step.</param>
    public RuntimeLimits Limits(OpenModel open, ModelConfiguration model, int maxDraft)
    {
        EngineConfiguration engine = Configuration.Engine;
        int own = open.Source.Metadata.ContextLength;
        if (own > 0 && model.Context > own)
            _logger.LogWarning("model '{Name}': context {Context} is longer than the model was made for ({Own})", model.Name, model.Context, own);
        return new RuntimeLimits
        {
            MaxRows = engine.MaxBatchTokens,
            MaxOutputs = (int)Math.Min(engine.MaxBatchTokens, engine.MaxSequences + Math.Min((long)engine.MaxSequences * maxDraft, EngineOptions.MaxDraftRows)),
            MaxSequences = engine.MaxSequences,
            MaxContext = model.Context ?? (own > 0 ? Math.Min(own, DefaultContext) : DefaultContext),
            BlockTokens = Configuration.Kv.BlockTokens,
            KvType = model.Activations == ActivationPrecision.Float32 ? KvType.F32 : Configuration.Kv.Type,
            Activations = model.Activations,
            BatchInvariant = engine.BatchInvariant,
        };
    }

    /// <summary>Builds the graph and lowers it with the first backend that accepts it. The runtime must be disposed before the open model.</summary>
    /// <exception cref="ModelFormatException">The model contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">No builder or backend has what it needs; the text has each backend's reason.</exception>
    /// <param name="open">The model.</param>
    /// <param name="model">Its entry.</param>
    /// <param name="limits">The sizes; a graph that needs whole sequences gets as many rows as its context has tokens.</param>
    /// <param name="isTrial">Whether nothing will run: rows stay as few as <paramref name="limits"/> says.</param>
    public BuiltRuntime BuildRuntime(OpenModel open, ModelConfiguration model, RuntimeLimits limits, bool isTrial = false)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(model);
        ModelMetadata metadata = open.Source.Metadata;
        if (metadata.Problems.Count > 0)
            throw new ModelFormatException($"{open.Files.Name}: {string.Join("; ", metadata.Problems)}");
        ModelGraph graph = BuildGraph(open, limits.MaxContext);
        if (graph.NeedsWholeSequences && !isTrial)
            limits = limits with { MaxRows = Math.Max(limits.MaxRows, limits.MaxContext) };
        BackendRequest request = new()
        {
            Graph = graph,
            Limits = limits,
            Team = _team,
            Quantizations = open.Quantizations,
            Tiles = open.Leases.All(c => c.Tiles),
            KvBudget = _kvBudget,
        };
        List<string> reasons = [];
        foreach (string id in Kernels(model))
            if (open.Leases.FindIn(id, c => TryBackends(c, request, reasons)) is { } runtime)
            {
                open.Backend = Generations.FirstOrDefault(g => g.Id == id);
                if (reasons.Count > 0)
                    _logger.LogWarning("model '{Name}': runs on {Plugin}, because those before it in the order of kernels refused it: {Reasons}", model.Name, id, string.Join("; ", reasons));
                return new(graph, runtime, limits) { Refusals = reasons };
            }
        throw new UnsupportedModelException(reasons.Count == 0
            ? $"no kernel backend among {string.Join(", ", model.Kernels)}; {open.Leases.Loaded}"
            : $"{open.Files.Name}: {string.Join("; ", reasons)}");
    }

    /// <summary>Builds the graph with the model's family, which a plugin or Engine has.</summary>
    /// <exception cref="ModelFormatException">The model contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">No builder knows the family, or the family's builder not the variant.</exception>
    internal ModelGraph BuildGraph(OpenModel open, int contextLength)
    {
        ModelMetadata metadata = open.Source.Metadata;
        return Boundary.Call($"architecture '{metadata.Architecture}'", () =>
        {
            IModelArchitecture architecture = open.Leases.Find(c => c.Architectures.LastOrDefault(a => a.Builds(metadata))) ?? BuiltIn.Find(metadata, _architectures);
            return architecture.Build(open.Source, contextLength);
        });
    }

    /// <summary>The plugins that are asked for a backend, in order.</summary>
    internal IReadOnlyList<string> Kernels(ModelConfiguration model) =>
        model.Kernels.Count > 0 ? model.Kernels : [.. Generations.Select(g => g.Id)];

    private static IModelRuntime? TryBackends(ProvidedContracts contracts, BackendRequest request, List<string> reasons)
    {
        foreach (IKernelBackend backend in contracts.Backends)
            try
            {
                return Boundary.Call($"backend '{backend.Name}'", () =>
                {
                    GraphCheck.Require(request.Graph, backend, request.Quantizations);
                    return backend.Build(request);
                });
            }
            catch (UnsupportedModelException e)
            {
                reasons.Add(e.Message);
            }
        return null;
    }

    private static IDecodingStrategy? Strategy(OpenModel open, ModelConfiguration model)
    {
        if (model.Decoding == ModelConfiguration.PlainDecoding)
            return null;
        return open.Leases.FindIn(model.Decoding, c => Boundary.Call($"plugin '{model.Decoding}'", c.CreateStrategy))
            ?? throw new PluginException($"plugin '{model.Decoding}' (models.list, '{model.Name}', decoding) provides no {nameof(IDecodingStrategy)}");
    }

    /// <summary>Builds a model's draft model; null where it has none. Its plugins are leased like the model's own.</summary>
    private Composition? DraftModel(ModelConfiguration model, IDecodingStrategy? strategy, ITokenizer tokenizer, FileProgress? progress)
    {
        if (model.Draft is null)
            return null;
        if (strategy is not IDraftModelStrategy)
            throw new PluginException(model.Places.Describe(model.Name, "draft", $"plugin '{model.Decoding}' takes no draft model; leave the key out"));
        string[] sources = Boundary.Call($"plugin '{model.Decoding}'", () => strategy.Sources.ToArray());
        if (!sources.Contains(DraftSources.Model))
            throw new PluginException(model.Places.Describe(model.Name, "draft", $"plugin '{model.Decoding}' drafts from {string.Join(", ", sources)} and would not use it; add '{DraftSources.Model}' to its sources, or leave the key out"));
        Composition draft = Build(model with { Name = $"{model.Name} draft", Path = Existing(model, "draft", model.Draft), Decoding = ModelConfiguration.PlainDecoding, Draft = null, Places = ModelPlaces.None }, progress);
        try
        {
            VocabularyComparison.Require(tokenizer, draft.Tokenizer, Path.GetFileName(model.Draft));
            if (draft.Graph.Logits is null)
                throw new UnsupportedModelException($"draft model '{Path.GetFileName(model.Draft)}' has no head and generates nothing");
            return draft;
        }
        catch
        {
            draft.Dispose();
            throw;
        }
    }

    private static string Existing(ModelConfiguration model, string key, string path) =>
        File.Exists(path) || Directory.Exists(path) ? path : throw new ModelFormatException(model.Places.Describe(model.Name, key, $"no such file or folder: {path}"));

    /// <summary>Brings a model's files into memory in the background, as far as there is room: what is more would push out its own beginning.</summary>
    public static Task Prefault(OpenModel open)
    {
        ArgumentNullException.ThrowIfNull(open);
        return open.Files.PrefaultAsync(FreeMemory.Bytes() / 4 * 3);
    }
}

/// <summary>A graph and its lowered form.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Runtime">The runtime.</param>
/// <param name="Limits">The sizes that it was built for.</param>
public sealed record BuiltRuntime(ModelGraph Graph, IModelRuntime Runtime, RuntimeLimits Limits)
{
    /// <summary>What the backends said that were asked before.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];
}
