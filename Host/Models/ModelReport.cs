using Tessera.Engine.ChatTemplates;
using Tessera.Engine.Graphs;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>What each part of a model gets from the loaded plugins, and all that it lacks to run.</summary>
public sealed class ModelReport
{
    private const int MostTypes = 32, MostTensors = 8;

    private readonly OpenModel _open;
    private readonly ModelConfiguration _model;
    private readonly CompositionBuilder _builder;
    private readonly IReadOnlyList<PluginGeneration> _plugins;
    private readonly List<(string Part, string Text)> _parts = [];
    private readonly List<string> _missing = [];
    private readonly Dictionary<string, string> _kernels = new(StringComparer.Ordinal);
    private bool _canBuild;

    private ModelReport(OpenModel open, ModelConfiguration model, CompositionBuilder builder, PluginHost plugins) =>
        (_open, _model, _builder, _plugins) = (open, model, builder, plugins.Generations);

    /// <summary>The parts that the model has, with who provides each.</summary>
    public IReadOnlyList<(string Part, string Text)> Parts => _parts;

    /// <summary>What the backend would do with each weight, by the weight's name; empty where metadata or weights are not whole, or no backend takes them.</summary>
    public IReadOnlyDictionary<string, string> Kernels => _kernels;

    /// <summary>What is missing; empty for a model that runs.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>Looks at everything that a composition of the model would need; builds its runtime, for a single row, only where metadata and weights are whole.</summary>
    /// <param name="open">The model.</param>
    /// <param name="model">Its entry.</param>
    /// <param name="builder">Builds the model as the host would.</param>
    /// <param name="plugins">The loaded plugins.</param>
    public static ModelReport Of(OpenModel open, ModelConfiguration model, CompositionBuilder builder, PluginHost plugins)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(plugins);
        ModelReport report = new(open, model, builder, plugins);
        report._missing.AddRange(open.Source.Metadata.Problems.Select(p => open.Source.Faults.Contains(p) ? p : $"metadata: {p}"));
        report._parts.Add(("format", $"{open.Source.Format}{report.Provider(c => c.Formats.FirstOrDefault(f => f.Name == open.Source.Format))}"));
        report.Types();
        report._canBuild = report._missing.Count == 0;
        report.Tokenizer();
        report.Graph();
        return report;
    }

    private void Types()
    {
        List<string> unknown = [];
        if (_open.Source.Tensors.Length == 0 && _open.Source.Faults.Count == 0)
            _missing.Add("weights: the files hold none");
        foreach (IGrouping<string, WeightTensor> tensors in _open.Source.Tensors.GroupBy(t => t.Quantization).OrderByDescending(g => g.Sum(t => t.Bytes)))
        {
            if (Provider(c => c.Quantizations.FirstOrDefault(q => q.Id == tensors.Key)) is { Length: > 0 } provider)
            {
                _parts.Add(("type", $"{tensors.Key}, {tensors.Count()} tensors of {tensors.Sum(t => t.Bytes) / 1e6:F1} MB{provider}"));
                Try(() =>
                {
                    foreach (WeightTensor tensor in tensors)
                        _open.Quantization(tensor);
                });
            }
            else
                unknown.Add($"quantization '{tensors.Key}' ({Named(tensors)}): no loaded plugin provides it; {_open.Leases.Loaded}");
        }
        _missing.AddRange(unknown.Take(MostTypes));
        if (unknown.Count > MostTypes)
            _missing.Add($"{unknown.Count - MostTypes} more quantizations");
    }

    private static string Named(IGrouping<string, WeightTensor> tensors) =>
        $"{string.Join(", ", tensors.Take(MostTensors).Select(t => $"'{t.Name}'"))}{(tensors.Count() > MostTensors ? $" and {tensors.Count() - MostTensors} more" : "")}";

    private void Tokenizer()
    {
        string? template = _open.Source.ChatTemplate, tools = _open.Source.ToolChatTemplate;
        _parts.Add(("template", $"{(template is null ? "none" : Readable(template))}{(tools is null ? "" : $"; for conversations with tools {Readable(tools)}")}"));
        if (_open.Source.Tokenizer is not { } assets)
        {
            _missing.Add("tokenizer: the files hold none");
            return;
        }
        int count = 0;
        if (Try(() => count = _open.CreateTokenizer().VocabularySize, "tokenizer: "))
            _parts.Add(("tokenizer", $"{assets.Model}{(assets.PreTokenizer is { } pre ? $", pre-tokenizer {pre}" : "")}, {count} tokens{Provider(c => c.TokenizerFactories.FirstOrDefault(f => f.CanCreate(assets)))}"));
    }

    private void Graph()
    {
        RuntimeLimits limits = _builder.Limits(_open, _model, maxDraft: 0) with { MaxRows = 1, MaxOutputs = 1, MaxSequences = 1 };
        ModelGraph graph;
        IReadOnlyList<string> problems = _open.Source.Metadata.Problems;
        string architecture = _open.Source.Metadata.Architecture;
        // Weights that the format could not give canonical names to are in no graph.
        if (problems.Count > 0 && (architecture.Length == 0 || !_open.Source.Tensors.Any(t => t.Name.StartsWith("blk.", StringComparison.Ordinal))))
            return;
        try
        {
            graph = _builder.BuildGraph(_open, limits.MaxContext);
        }
        catch (TesseraException e)
        {
            // What it says of the metadata is said already.
            if (!problems.Any(p => e.Message.Contains(p, StringComparison.Ordinal)))
                _missing.Add(e.Message);
            return;
        }
        string provider = Provider(c => c.Architectures.FirstOrDefault(a => a.Builds(_open.Source.Metadata)));
        _parts.Add(("architecture", $"{architecture}, {graph.Nodes.Count} operations{(provider.Length > 0 ? provider : " (built in)")}"));
        if (graph.Pooled is not null)
            _parts.Add(("pooling", Pooling(graph.Pooled.Width, _open.Source.Metadata.Pooling)));
        List<string> lacking = [];
        int backends = 0;
        foreach (string id in _builder.Kernels(_model))
            foreach (IKernelBackend backend in Backends(id))
            {
                backends++;
                IReadOnlyList<string> missing = Boundary.Call($"backend '{backend.Name}'", () => GraphCheck.Missing(graph, backend));
                if (missing.Count == 0 && TryKernels(id, limits, lacking))
                {
                    _parts.AddRange(lacking.Select(reason => ("fallback", reason)));
                    return;
                }
                lacking.AddRange(missing);
            }
        _missing.AddRange(backends == 0 ? [$"kernels: no plugin among {string.Join(", ", _builder.Kernels(_model))} has a backend; {_open.Leases.Loaded}"] : lacking);
    }

    /// <summary>What a plugin's backend says of its kernels, equal ones counted; false where it refuses the model. Nothing is built where metadata or weights are not what they should be.</summary>
    private bool TryKernels(string id, RuntimeLimits limits, List<string> lacking)
    {
        if (!_canBuild)
            return true;
        try
        {
            using IModelRuntime runtime = _builder.BuildRuntime(_open, _model with { Kernels = [id] }, limits, isTrial: true).Runtime;
            IReadOnlyList<string> said = runtime.Explain();
            HashSet<string> names = [.. _open.Source.Tensors.Select(t => t.Name)];
            foreach (string line in said)
                if (line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end && names.Contains(line[..end]))
                    _kernels[line[..end]] = _kernels.TryGetValue(line[..end], out string? other) ? $"{other}; {Kernel(line)}" : Kernel(line);
            foreach (IGrouping<string, string> lines in said.GroupBy(Kernel))
                _parts.Add(("kernel", $"{lines.Key}{(lines.Count() > 1 ? $", {lines.Count()} times" : "")} ({id})"));
            return true;
        }
        catch (TesseraException e)
        {
            lacking.Add(e.Message);
            return false;
        }
    }

    private static string Pooling(int width, PoolingMetadata pooling) =>
        $"{pooling.Kind.ToString().ToLowerInvariant()}, {width} {(pooling.IsClassifier ? "scores" : $"elements{(pooling.Normalizes ? " of length 1" : "")}")}{(pooling.MaxTokens > 0 ? $", texts cut to {pooling.MaxTokens} tokens" : "")}";

    /// <summary>A line without the name of its node.</summary>
    private static string Kernel(string line) =>
        line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var at ? line[(at + 2)..] : line;

    private IReadOnlyList<IKernelBackend> Backends(string id) =>
        _plugins.Any(g => g.Id == id) ? _open.Leases.FindIn(id, c => c.Backends.Count > 0 ? c.Backends : null) ?? [] : [];

    /// <summary>Who provides something, as text that follows what it is; empty where nobody does.</summary>
    private string Provider(Func<ProvidedContracts, object?> choose) =>
        _plugins.FirstOrDefault(g => _open.Leases.FindIn(g.Id, choose) is not null) is { } plugin ? $" ({plugin.Id} {plugin.Version})" : "";

    private static string Readable(string template)
    {
        try
        {
            ChatTemplate.Parse(template);
            return $"{template.Length} characters";
        }
        catch (ChatTemplateException e)
        {
            return $"cannot be read: {e.Message}";
        }
    }

    private bool Try(Action act, string what = "")
    {
        try
        {
            act();
            return true;
        }
        catch (TesseraException e)
        {
            _missing.Add(what + e.Message);
            return false;
        }
    }
}
