using Tessera.Format.Safetensors.Quantized;

namespace Tessera.Format.Safetensors;

/// <summary>The weights of a folder under their stored names: what quantized schemes made of several tensors, and the plain ones.</summary>
internal sealed class FolderWeights
{
    private readonly Dictionary<string, WeightTensor> _made = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private readonly ModelTensors _tensors;
    private HashSet<string>? _modules;
    private readonly string _folder;

    /// <summary>Reads a folder's weights.</summary>
    /// <param name="folder">The folder's name, for messages.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="config">config.json, or null.</param>
    public FolderWeights(string folder, ModelTensors tensors, JsonSection? config)
    {
        (_folder, _tensors) = (folder, tensors);
        if (config is not null)
            Attempt.Do(() => Quantize(config), _problems);
    }

    /// <summary>The scheme by which weights are quantized, and how many modules are, for people; null: none.</summary>
    public string? Scheme { get; private set; }

    /// <summary>What is wrong with quantized modules.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Whether a weight is missing because of what is told already: of a file that could not be read, or of its module, whose tensors are there.</summary>
    public bool IsTold(string name) => _tensors.Faults.Count > 0 || _problems.Count > 0 && (_modules ??= [.. _tensors.All.Keys.Select(StoredModule.Of)]).Contains(StoredModule.Of(name));

    private void Quantize(JsonSection config)
    {
        if (QuantizedSchemes.SectionOf(config) is not { } section || QuantizedSchemes.Find(section, _tensors.All, _problems) is not { } scheme)
            return;
        List<string> problems = [];
        foreach (WeightTensor weight in QuantizedSchemes.Claim(scheme, section, _tensors.All, _used, problems))
            if (!_made.TryAdd(weight.Name, weight))
                throw new ModelFormatException($"safetensors: '{_folder}': module '{Errors.Readable(weight.Name)}' has two weights");
        Scheme = $"{scheme.Name}, {_made.Count} modules";
        // What modules lack may be in a file that could not be read.
        if (_tensors.Faults.Count == 0)
            _problems.AddRange(problems);
    }

    /// <summary>The names of all weights.</summary>
    public IEnumerable<string> Names => _made.Keys.Concat(_tensors.All.Keys.Where(n => !_used.Contains(n) && !_made.ContainsKey(n)));

    /// <summary>A weight by its name, or null.</summary>
    public WeightTensor? Find(string name)
    {
        if (_made.TryGetValue(name, out WeightTensor? made))
            return made;
        return !_used.Contains(name) && _tensors.All.TryGetValue(name, out StoredTensor? stored) ? stored.Plain() : null;
    }

    /// <summary>A weight that a graph needs.</summary>
    /// <exception cref="ModelFormatException">It is missing, or can be no weight.</exception>
    /// <exception cref="UnsupportedModelException">It is a plain tensor of whole numbers, or of floats of eight bits whose scales no scheme applies.</exception>
    public WeightTensor Need(string name)
    {
        WeightTensor weight = Find(name) ?? throw Missing(name);
        if (_made.ContainsKey(name))
            return weight;
        StoredTensor stored = _tensors.All[name];
        stored.RequireFloats();
        if (Dtypes.Bits(stored.Type) <= 8 && (Scheme is not null || ScaleOf(name) is not null))
            throw new UnsupportedModelException($"safetensors: file '{stored.File.Name}': tensor '{Errors.Readable(name)}': {Dtypes.Name(stored.Type)} needs {(ScaleOf(name) is { } scale ? $"a scheme in config.json that says what '{Errors.Readable(scale)}' does to it" : $"scales, of which the folder has none for it ({Scheme})")}");
        return weight;
    }

    // A tensor that stands beside a weight and scales it.
    private string? ScaleOf(string name)
    {
        foreach (string ending in (ReadOnlySpan<string>)["_scale_inv", "_scale", "_scales"])
            if (_tensors.All.ContainsKey(name + ending))
                return name + ending;
        return null;
    }

    /// <summary>A weight whose matrices stand transposed in the files, or null where there is none of floats with matrices.</summary>
    public WeightTensor? Transposed(string name) =>
        Find(name) is { Shape.Length: > 1, Quantization: "f32" or "f16" or "bf16" } weight && !_made.ContainsKey(name)
            ? new WeightTensor { Name = weight.Name, Shape = [.. weight.Shape[..^2], weight.Shape[^1], weight.Shape[^2]], Quantization = $"{weight.Quantization}_transposed", Parts = weight.Parts }
            : null;

    /// <summary>All weights under their own names.</summary>
    public WeightTensor[] ToArray() => [.. Names.Order(StringComparer.Ordinal).Select(Find).OfType<WeightTensor>()];

    // For a tensor that is not there, or that no weight can be.
    private ModelFormatException Missing(string name) => _tensors.All.TryGetValue(name, out StoredTensor? stored) && !_used.Contains(name)
        ? Errors.Tensor(stored.File.Name, name, $"expected 1 to 4 dimensions of at least 1, found {stored.ShapeText}")
        : new ModelFormatException($"safetensors: '{_folder}': tensor '{Errors.Readable(name)}' is missing");
}
