namespace Tessera.Format.Gguf.Writing;

/// <summary>Gives each tensor of a file its type, and tells which take another one than their kind of file has for them.</summary>
internal sealed class TensorTypes
{
    private const int NamesInNote = 3;

    // ggml adds and multiplies by these in float32 only.
    private static readonly string[] AlwaysF32 = ["_norm.weight", "ffn_gate_inp.weight", ".bias", "position_embd.weight", "token_types.weight"];

    private readonly FileType? _wanted;
    private readonly TypeMix? _mix;
    private readonly bool _isOwn;
    private readonly Dictionary<(string From, string To, long Columns), List<string>> _fallbacks = [];

    /// <summary>Prepares the rules.</summary>
    /// <param name="wanted">The kind of file; null: as stored.</param>
    /// <param name="architecture">The architecture.</param>
    /// <param name="m">The metadata.</param>
    /// <param name="tensors">All tensors.</param>
    /// <param name="isOwn">The model is a GGUF file, whose small tensors stay what they are.</param>
    public TensorTypes(FileType? wanted, string architecture, ModelMetadata m, PlannedTensor[] tensors, bool isOwn)
    {
        (_wanted, _isOwn) = (wanted, isOwn);
        if (wanted is { IsFloat: false } && architecture == "falcon")
            throw new UnsupportedModelException($"gguf: architecture '{architecture}' has rules of its own for the types of tensors, which are not available");
        Stored = wanted ?? FileTypes.OfMost(tensors.Where(t => IsMatrix(t) && t.Source is not null).Select(t => (Base(t), t.Source!.Bytes)));
        MixShape shape = new(architecture, m.LayerCount, m.Attention.HeadCount, m.Attention.KeyValueHeadCount == 0 ? m.Attention.HeadCount : m.Attention.KeyValueHeadCount,
            (int)Math.Clamp(m.Extra.GetValueOrDefault("expert_count"), 0, int.MaxValue));
        _mix = wanted is null ? null : new TypeMix(wanted, shape, tensors.Select(t => (t.Name, t.Shape)));
    }

    /// <summary>The kind of file.</summary>
    public FileType Stored { get; }

    /// <summary>One line for each kind of exception.</summary>
    public IEnumerable<string> Notes => _fallbacks.Select(f =>
        $"{f.Key.To} instead of {f.Key.From}: {f.Value.Count} {(f.Value.Count == 1 ? "tensor" : "tensors")} with rows of {f.Key.Columns} values ({string.Join(", ", f.Value.Take(NamesInNote))}{(f.Value.Count > NamesInNote ? ", …" : "")})");

    /// <summary>A tensor's type.</summary>
    /// <exception cref="UnsupportedModelException">It keeps its type, and GGUF has no such type.</exception>
    public string Of(PlannedTensor tensor)
    {
        if (_mix is null || !IsMatrix(tensor))
            return Base(tensor);
        string chosen = _mix.Choose(tensor.Name, tensor.Shape), type = TypeMix.Fit(chosen, tensor.Shape[^1]);
        if (type != chosen)
            (_fallbacks.TryGetValue((chosen, type, tensor.Shape[^1]), out List<string>? names) ? names : _fallbacks[(chosen, type, tensor.Shape[^1])] = []).Add(tensor.Name);
        return type;
    }

    /// <summary>Whether a type holds another one's very values: MXFP4's in blocks of another layout.</summary>
    public static bool KeepsValues(string? from, string to) => (from, to) is ("mx_fp4", "mxfp4");

    private static bool IsMatrix(PlannedTensor tensor) => TensorRoles.IsQuantized(tensor.Name, tensor.Shape);

    /// <summary>The type of a tensor that no rule changes.</summary>
    private string Base(PlannedTensor tensor)
    {
        if (tensor.Source is not { } source || (!_isOwn && (source.Shape.Length == 1 || AlwaysF32.Any(e => tensor.Name.EndsWith(e, StringComparison.Ordinal)))))
            return "f32";
        if (KeepsValues(source.Quantization, "mxfp4"))
            return "mxfp4";
        if (GgufTypes.Has(source.Quantization) && source.Parts.All(p => p.Name == "data"))
            return source.Quantization;
        if (_isOwn || IsMatrix(tensor))
            throw new UnsupportedModelException($"gguf: tensor '{tensor.Name}' is of type {source.Quantization}, which ggml does not have; name a --type, and its values are converted");
        return "f32";
    }
}
