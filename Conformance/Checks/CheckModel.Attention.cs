namespace Tessera.Conformance.Checks;

/// <summary>The model's attention: projections, norms, rotations and caches.</summary>
public sealed partial class CheckModel
{
    private int ValueLength => _shape.ValueLength == 0 ? _shape.HeadLength : _shape.ValueLength;

    // Latent attention: a head is a plain part and a rotating part, both of a head's length; a latent has the length of two.
    private int LatentLength => 2 * _shape.HeadLength;

    private CacheGroup[] Groups()
    {
        if (_shape.Bidirectional)
            return [];
        CacheSpec[] caches = [.. Enumerable.Range(0, _shape.Layers).Select(i => _shape.Latent switch
        {
            CheckLatent.Absorbed => new CacheSpec($"blk.{i}", 1, LatentLength + _shape.HeadLength, LatentLength),
            CheckLatent.Expanded => new CacheSpec($"blk.{i}", _shape.Heads, 2 * _shape.HeadLength, ValueLength),
            _ => new CacheSpec($"blk.{i}", _shape.KeyHeads, _shape.HeadLength, ValueLength),
        })];
        return _shape.Window == 0
            ? [new CacheGroup("full", CacheKind.Full, 0, caches)]
            : [new CacheGroup("full", CacheKind.Full, 0, [.. caches.Where((_, i) => i % 2 == 0)]), new CacheGroup("window", CacheKind.Window, _shape.Window, [.. caches.Where((_, i) => i % 2 == 1)])];
    }

    private GraphValue Attention(string layer, RopeTable? table, GraphValue h)
    {
        int query = _shape.Heads * _shape.HeadLength, key = _shape.KeyHeads * _shape.HeadLength, value = _shape.KeyHeads * ValueLength;
        GraphValue? all = _shape.FusedProjections ? Linear($"{layer}.attn_qkv", h, query + key + value, _shape.Biases) : null;
        GraphValue q = Rope($"{layer}.rope_q", HeadNorm($"{layer}.attn_q_norm", Part("attn_q", query, 0), _shape.Heads), _shape.Heads, _shape.HeadLength, table);
        GraphValue k = Rope($"{layer}.rope_k", HeadNorm($"{layer}.attn_k_norm", Part("attn_k", key, query), _shape.KeyHeads), _shape.KeyHeads, _shape.HeadLength, table);
        GraphValue v = Part("attn_v", value, query + key);
        return Attend(layer, q, k, v, _shape.KeyHeads, _shape.HeadLength, ValueLength);

        GraphValue Part(string name, int width, int offset) =>
            all is null ? Linear($"{layer}.{name}", h, width, _shape.Biases) : Slice($"{layer}.{name}_part", all, width, 1, offset);
    }

    private GraphValue LatentAttention(string layer, RopeTable? table, GraphValue h)
    {
        int heads = _shape.Heads, length = _shape.HeadLength, latent = LatentLength;
        GraphValue q = Linear($"{layer}.attn_q_b", Norm($"{layer}.attn_q_a_norm", Linear($"{layer}.attn_q_a", h, latent, false)), heads * 2 * length, false);
        GraphValue plain = Slice($"{layer}.q_plain", q, heads * length, heads, 0);
        GraphValue rotated = Rope($"{layer}.rope_q", Slice($"{layer}.q_turn", q, heads * length, heads, length), heads, length, table);
        GraphValue kv = Linear($"{layer}.attn_kv_a", h, latent + length, false);
        GraphValue c = Norm($"{layer}.attn_kv_a_norm", Slice($"{layer}.kv_latent", kv, latent, 1, 0));
        GraphValue turned = Rope($"{layer}.rope_k", Slice($"{layer}.k_turn", kv, length, 1, latent), 1, length, table);
        if (_shape.Latent == CheckLatent.Absorbed)
        {
            GraphValue into = HeadLinear($"{layer}.attn_k_b", plain, heads, latent, length);
            GraphValue a = Attend(layer, Concat($"{layer}.q", into, rotated, heads, false), Concat($"{layer}.k", c, turned, 1, false), c, 1, latent + length, latent);
            return HeadLinear($"{layer}.attn_v_b", a, heads, ValueLength, latent);
        }
        GraphValue both = Linear($"{layer}.attn_kv_b", c, heads * (length + ValueLength), false);
        GraphValue key = Concat($"{layer}.k", Slice($"{layer}.k_plain", both, heads * length, heads, 0), turned, heads, true);
        GraphValue value = Slice($"{layer}.v", both, heads * ValueLength, heads, length);
        return Attend(layer, Concat($"{layer}.q", plain, rotated, heads, false), key, value, heads, 2 * length, ValueLength);
    }

    private GraphValue Attend(string layer, GraphValue q, GraphValue k, GraphValue v, int keyHeads, int keyLength, int valueLength)
    {
        if (_shape.Bidirectional)
            return Add($"{layer}.attn", _shape.Heads * valueLength, o => new BidirectionalAttentionNode($"{layer}.attn", q, k, v, o, _shape.Heads, keyHeads, keyLength, valueLength, 1 / MathF.Sqrt(keyLength))
            {
                Reach = layer[^1] % 2 == 1 ? _shape.Window : 0,
            });
        WeightTensor? sinks = _shape.Sinks ? Vector($"{layer}.attn_sinks.weight", _shape.Heads, 0.5f, 1) : null;
        return Add($"{layer}.attn", _shape.Heads * valueLength, o => new AttentionNode($"{layer}.attn", q, k, v, o, layer, _shape.Heads, keyHeads, keyLength, valueLength, 1 / MathF.Sqrt(keyLength))
        {
            SoftCap = _shape.AttentionSoftCap,
            Sinks = sinks,
        });
    }

    private RopeTable Table(double baseFrequency)
    {
        int rotating = _shape.RotatingLength == 0 ? _shape.HeadLength : _shape.RotatingLength;
        float[] frequencies = [.. Enumerable.Range(0, rotating / 2).Select(i => (float)Math.Pow(baseFrequency, -2.0 * i / rotating))];
        return new RopeTable(_shape.Pairing, frequencies, _shape.RopeMagnitude)
        {
            Long = _shape.LongRope ? new LongRope(CheckShape.OriginalContext, [.. frequencies.Select((f, i) => f / (1 + 0.3f * i))], 1.15f) : null,
            Stretch = _shape.RopeStretch ? new RopeStretch(baseFrequency, 2, CheckShape.OriginalContext) : null,
        };
    }

    private GraphValue Rope(string name, GraphValue x, int heads, int headLength, RopeTable? table) =>
        table is null ? x : Add(name, x.Width, v => new RopeNode(name, x, v, heads, headLength, table) { Offset = _shape.RopeOffset });

    private GraphValue HeadNorm(string name, GraphValue x, int heads)
    {
        if (_shape.HeadNorm == CheckHeadNorm.None)
            return x;
        int length = _shape.HeadNorm == CheckHeadNorm.Shared ? _shape.HeadLength : x.Width;
        bool offset = _shape.HeadNorm == CheckHeadNorm.Own;
        WeightTensor weight = Vector($"{name}.weight", length, offset ? 0 : 1);
        if (_shape.HeadNorm == CheckHeadNorm.Layer)
            return Add(name, x.Width, v => new LayerNormNode(name, x, v, weight, null, 1e-5f) { Groups = heads });
        return Add(name, x.Width, v => new RmsNormNode(name, x, v, weight, 1e-5f) { Groups = _shape.HeadNorm == CheckHeadNorm.Row ? 1 : heads, WeightIsOffset = offset });
    }

    private GraphValue HeadLinear(string name, GraphValue x, int heads, int output, int input)
    {
        WeightTensor weight = Matrix($"{name}.weight", [heads, output, input], 1 / Math.Sqrt(input));
        return Add(name, heads * output, v => new HeadLinearNode(name, x, v, weight));
    }
}
