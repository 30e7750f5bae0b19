namespace Tessera.Format.Gguf.Writing;

/// <summary>The numbers of a model that its tensors' types depend on.</summary>
/// <param name="Architecture">The architecture.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyHeads">Key and value heads.</param>
/// <param name="Experts">Experts of a layer; 0: none.</param>
internal sealed record MixShape(string Architecture, int Layers, int Heads, int KeyHeads, int Experts)
{
    /// <summary>Query heads that share a key head.</summary>
    public int Group => KeyHeads == 0 ? 1 : Heads / KeyHeads;

    /// <summary>Models of 80 layers with few key heads: their values are small, and more bits cost little.</summary>
    public bool HasSmallValues => Layers == 80 && Architecture switch
    {
        "llama" => Heads != KeyHeads,
        "qwen2" or "olmo" or "deci" => true,
        _ => false,
    };
}

/// <summary>
/// Gives each tensor its type as llama.cpp's quantizer does without an importance matrix: the output and some layers' values and down projections take more bits than the rest.
/// The rules speak of tensors in the order of layers, then names.
/// </summary>
internal sealed class TypeMix
{
    private readonly FileType _type;
    private readonly MixShape _shape;
    private readonly bool _tied;
    private readonly int _values;
    private readonly Dictionary<string, int> _ordinals = new(StringComparer.Ordinal);

    /// <summary>Looks at all of a model's tensors.</summary>
    public TypeMix(FileType type, MixShape shape, IEnumerable<(string Name, long[] Shape)> tensors)
    {
        (_type, _shape, _tied) = (type, shape, true);
        Dictionary<TensorRole, int> counts = [];
        foreach ((string name, long[] dimensions) in tensors.OrderBy(t => TensorRoles.Layer(t.Name)).ThenBy(t => t.Name, StringComparer.Ordinal))
        {
            TensorRole role = TensorRoles.Of(name);
            _tied &= role != TensorRole.Output;
            if (IsValue(role))
                _values++;
            if (!TensorRoles.IsQuantized(name, dimensions))
                continue;
            TensorRole counted = IsValue(role) ? TensorRole.Value : role;
            _ordinals[name] = counts.GetValueOrDefault(counted);
            counts[counted] = _ordinals[name] + 1;
        }
    }

    /// <summary>The type that the rules give a matrix, before its row length is looked at.</summary>
    public string Choose(string name, long[] shape)
    {
        TensorRole role = TensorRoles.Of(name);
        if (_type.IsFloat)
            return _type.Quantization;
        if (role == TensorRole.Output || (role == TensorRole.Embedding && _tied))
            return Output(shape[^1]);
        if (_type.Name == "MXFP4_MOE")
            return shape.Length > 2 && shape[^3] > 1 ? "mxfp4" : "q8_0";
        return role switch
        {
            TensorRole.Value or TensorRole.FusedAttention or TensorRole.LatentKeysValues => Value(_ordinals[name]),
            TensorRole.Key when _shape.Experts == 8 => "q8_0",
            TensorRole.Down => Down(_shape.Experts > 1 ? TensorRoles.Layer(name) : _ordinals[name]),
            TensorRole.AttentionOutput => AttentionOutput(),
            _ => _type.Quantization,
        };
    }

    /// <summary>The type of a matrix whose rows the chosen type's blocks do not divide: one of shorter blocks, else F16.</summary>
    public static string Fit(string chosen, long columns)
    {
        if (Fits(chosen, columns))
            return chosen;
        string shorter = chosen switch
        {
            "iq4_xs" => "iq4_nl",
            "q2_k" or "q3_k" => "q4_0",
            "q4_k" => "q5_0",
            "q5_k" => "q5_1",
            "q6_k" => "q8_0",
            _ => chosen,
        };
        return Fits(shorter, columns) ? shorter : "f16";
    }

    private string Output(long columns) => _type.Name == "MXFP4_MOE" || !Fits(_type.Quantization, columns) || _type.Quantization == "q8_0" ? "q8_0" : "q6_k";

    private string Value(int ordinal)
    {
        string type = _type.Name switch
        {
            "Q2_K" => _shape.Group >= 4 ? "q4_k" : "q3_k",
            "Q3_K_M" => ordinal < 2 ? "q5_k" : "q4_k",
            "Q3_K_L" => "q5_k",
            "IQ4_NL" or "IQ4_XS" when _shape.Group >= 4 => "q5_k",
            "Q4_K_M" or "Q5_K_M" when TakesMore(ordinal, _values) => "q6_k",
            "Q4_K_S" when ordinal < 4 => "q5_k",
            _ => _type.Quantization,
        };
        if (_shape.HasSmallValues && type is ("q3_k" or "q4_k"))
            type = "q5_k";
        return _shape.Experts == 8 ? "q8_0" : type;
    }

    private string Down(int layer) => _type.Name switch
    {
        "Q2_K" => "q3_k",
        "Q3_K_M" => layer < _shape.Layers / 16 ? "q5_k" : "q4_k",
        "Q3_K_L" => "q5_k",
        "Q4_K_M" or "Q5_K_M" when TakesMore(layer, _shape.Layers) => "q6_k",
        "Q4_K_S" or "IQ4_NL" or "IQ4_XS" when layer < _shape.Layers / 8 => "q5_k",
        _ => _type.Quantization,
    };

    private string AttentionOutput() => _type.Name switch
    {
        "Q2_K" or "Q3_K_S" or "Q3_K_M" or "Q4_K_S" or "Q4_K_M" or "IQ4_NL" or "IQ4_XS" when _shape.Experts == 8 => "q5_k",
        "Q2_K" when _shape.Experts != 8 => "q3_k",
        "Q3_K_M" when _shape.Experts != 8 => "q4_k",
        "Q3_K_L" when _shape.Experts != 8 => "q5_k",
        _ => _type.Quantization,
    };

    /// <summary>The first and last eighth of the layers, and every third between.</summary>
    private static bool TakesMore(int index, int count) => index < count / 8 || index >= 7 * count / 8 || (index - count / 8) % 3 == 2;

    private static bool IsValue(TensorRole role) => role is TensorRole.Value or TensorRole.FusedAttention or TensorRole.LatentKeysValues;

    private static bool Fits(string type, long columns) => columns % GgufTypes.Named(type).Type.BlockSize == 0;
}
