namespace Tessera.Format.Gguf.Writing;

/// <summary>A tensor to be written, before it has a place.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Outermost dimension first.</param>
/// <param name="Source">The weight that it is made of, or null.</param>
internal sealed record PlannedTensor(string Name, long[] Shape, WeightTensor? Source)
{
    /// <summary>The values, where there is no source.</summary>
    public IReadOnlyList<float> Values { get; init; } = [];

    /// <summary>Which rows of the source's matrices, or null.</summary>
    public IReadOnlyList<int>? Rows { get; init; }

    /// <summary>Which values of the source's rows, or null.</summary>
    public IReadOnlyList<int>? Columns { get; init; }

    /// <summary>What is added to each value.</summary>
    public float Addend { get; init; }
}

/// <summary>Turns a model's weights into what GGUF means by their names: the pairs of rotations, norms that are whole, gate and up apart.</summary>
internal sealed class TensorPlan
{
    /// <summary>How many rows of the embedding of positions stand in front of the first one's.</summary>
    public const string PositionOffset = "position_offset";

    private const string GateAndUp = "ffn_gate_up_exps";

    private readonly ModelMetadata _metadata;
    private readonly RopePairing _pairing;
    private readonly bool _changesPairs;

    /// <summary>Plans for an architecture.</summary>
    public TensorPlan(ModelMetadata metadata, string architecture)
    {
        _metadata = metadata;
        _pairing = GgufRope.Pairing(architecture);
        _changesPairs = metadata.Rope.Pairing != _pairing;
    }

    /// <summary>All tensors of a model.</summary>
    public IEnumerable<PlannedTensor> Of(IReadOnlyList<WeightTensor> weights) => weights.SelectMany(w => Part(w) == GateAndUp ? Apart(w) : [Of(w)]);

    private static string Part(WeightTensor weight) => weight.Name.Split('.') is ["blk", _, { } part, ..] ? part : "";

    private PlannedTensor Of(WeightTensor weight)
    {
        (string name, string part) = (weight.Name, Part(weight));
        if (name == "position_embd.weight" && _metadata.Extra.GetValueOrDefault(PositionOffset) is > 0 and var before)
            return new PlannedTensor(name, [_metadata.ContextLength, weight.Columns], weight) { Rows = [.. Enumerable.Range((int)before, _metadata.ContextLength)] };
        int[]? order = _changesPairs ? Order(weight, part) : null;
        return new PlannedTensor(name, weight.Shape, weight)
        {
            Rows = weight.Shape.Length > 1 ? order : null,
            Columns = weight.Shape.Length > 1 ? null : order,
            Addend = _metadata.NormWeightsAreOffsets && name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0,
        };
    }

    /// <summary>The experts' gate and up, which files have as two tensors.</summary>
    private IEnumerable<PlannedTensor> Apart(WeightTensor weight)
    {
        // Of a bias each expert's row is cut, of a matrix its rows.
        bool isBias = weight.Name.EndsWith(".bias", StringComparison.Ordinal);
        int axis = weight.Shape.Length - (isBias ? 1 : 2);
        if (axis < 0 || weight.Shape[axis] % 2 != 0)
            throw Refused(weight, "as many rows of gate as of up");
        int half = checked((int)(weight.Shape[axis] / 2));
        long[] shape = [.. weight.Shape];
        shape[axis] = half;
        for (int i = 0; i < 2; i++)
        {
            int[] order = _metadata.GateUpRowsAlternate ? RowOrders.EverySecond(half, i) : [.. Enumerable.Range(i * half, half)];
            yield return new PlannedTensor(weight.Name.Replace(GateAndUp, i == 0 ? "ffn_gate_exps" : "ffn_up_exps", StringComparison.Ordinal), shape, weight)
            {
                Rows = isBias ? null : order,
                Columns = isBias ? order : null,
            };
        }
    }

    private int[]? Order(WeightTensor weight, string part)
    {
        AttentionMetadata attention = _metadata.Attention;
        int head = attention.KeyLength != 0 ? attention.KeyLength : _metadata.EmbeddingLength / Math.Max(1, attention.HeadCount);
        int rotating = _metadata.Rope.Dimensions == 0 ? head : _metadata.Rope.Dimensions;
        // Of a matrix its rows, of a vector its elements.
        long rows = weight.Shape.Length == 1 ? weight.Columns : weight.Shape[^2];
        switch (part)
        {
            case "attn_q" or "attn_k" or "attn_q_norm" or "attn_k_norm":
                if (rows % head != 0 || (part.EndsWith("_norm", StringComparison.Ordinal) && weight.Shape.Length > 1))
                    throw Refused(weight, $"rows of heads of {head}");
                return RowOrders.Heads(checked((int)(rows / head)), head, rotating, _pairing);
            case "attn_qkv":
                int turned = checked((attention.HeadCount + (attention.KeyValueHeadCount == 0 ? attention.HeadCount : attention.KeyValueHeadCount)) * head);
                if (rows < turned)
                    throw Refused(weight, $"at least {turned} rows");
                return [.. RowOrders.Heads(turned / head, head, rotating, _pairing), .. Enumerable.Range(turned, (int)rows - turned)];
            // Latent attention turns a part of a row only; no such model comes with the other pairs.
            case "attn_q_a" or "attn_q_b" or "attn_kv_a_mqa":
                throw new UnsupportedModelException($"gguf: tensor '{weight.Name}': latent attention that rotates {_metadata.Rope.Pairing} cannot be written for an architecture that rotates {_pairing}");
            default:
                return null;
        }
    }

    private static ModelFormatException Refused(WeightTensor weight, string expected) =>
        new($"gguf: tensor '{weight.Name}': expected {expected}, found {weight.ShapeText}");
}
