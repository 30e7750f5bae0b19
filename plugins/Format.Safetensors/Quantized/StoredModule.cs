namespace Tessera.Format.Safetensors.Quantized;

/// <summary>A module of a model: its tensors by the ending that follows its name.</summary>
/// <param name="name">The module's name; empty where the tensors have no prefix.</param>
/// <param name="tensors">The model's tensors.</param>
internal sealed class StoredModule(string name, IReadOnlyDictionary<string, StoredTensor> tensors)
{
    private readonly List<string> _taken = [];

    /// <summary>The module's name, such as <c>model.layers.0.mlp.down_proj</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The name of the module's weight.</summary>
    public string WeightName => Full(".weight");

    /// <summary>The tensors that the module's weight was made of.</summary>
    public IReadOnlyList<string> Taken => _taken;

    /// <summary>A tensor, or null; looks only.</summary>
    public StoredTensor? Find(string ending) => tensors.GetValueOrDefault(Full(ending));

    /// <summary>A tensor, or null; one that is there counts as used once the module has a weight.</summary>
    public StoredTensor? Take(string ending)
    {
        StoredTensor? tensor = Find(ending);
        if (tensor is not null)
            _taken.Add(tensor.Name);
        return tensor;
    }

    /// <summary>A tensor that the weight cannot be without.</summary>
    /// <exception cref="ModelFormatException">It is missing; the text names it.</exception>
    public StoredTensor Need(string ending) => Take(ending) ?? throw new ModelFormatException($"safetensors: tensor '{Errors.Readable(Full(ending))}' is missing");

    /// <summary>The name of the module that a tensor belongs to.</summary>
    public static string Of(string tensor) => tensor.LastIndexOf('.') is > 0 and var dot ? tensor[..dot] : tensor;

    private string Full(string ending) => Name.Length == 0 && ending.StartsWith('.') ? ending[1..] : Name + ending;
}
