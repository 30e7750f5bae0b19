namespace Tessera.Engine.Architectures;

/// <summary>Bounds that every family's numbers must keep, checked before anything is allocated by them.</summary>
internal static class Hyperparameters
{
    private const int MaxLayers = 4096;
    private const int MaxWidth = 1 << 20;
    private const int MaxHeads = 4096;
    private const int MaxContext = 1 << 28;

    /// <summary>Refuses values that no model of the shared shape can have; the text lists all that are wrong. What the metadata says itself is left to <see cref="RequireNoProblems"/>, so that all can be named at once.</summary>
    public static void Require(ModelMetadata m)
    {
        List<(string Key, string Text)> wrong = [];
        Range(m, wrong, "block_count", m.LayerCount, 1, MaxLayers);
        Range(m, wrong, "embedding_length", m.EmbeddingLength, 1, MaxWidth);
        EachLayer(m, wrong, "feed_forward_length", m.FeedForwardLength, 1, MaxWidth * 8);
        Range(m, wrong, "context_length", m.ContextLength, 1, MaxContext);
        EachLayer(m, wrong, "attention.head_count", m.Attention.HeadCount, 1, MaxHeads);
        EachLayer(m, wrong, "attention.head_count_kv", m.Attention.KeyValueHeadCount, 0, m.Attention.HeadCount == 0 ? MaxHeads : m.Attention.HeadCount);
        Range(m, wrong, "attention.key_length", m.Attention.KeyLength, 0, MaxWidth);
        Range(m, wrong, "attention.value_length", m.Attention.ValueLength, 0, MaxWidth);
        Range(m, wrong, "attention.sliding_window", m.Attention.SlidingWindow, 0, MaxContext);
        // 0 stands for an absent key.
        Check(m.NormEpsilon is > 0 and < 1, "attention.layer_norm_rms_epsilon or layer_norm_epsilon", "a number between 0 and 1", m.NormEpsilon);
        Check(m.Attention.Scale is 0 or (>= 1e-6f and <= 1e6f), "attention.scale", "a number from 1e-6 to 1e6", m.Attention.Scale);
        Check(m.Attention.LogitSoftCap is 0 or (>= 1e-3f and <= 1e6f), "attn_logit_softcapping", "a number from 0.001 to 1e6", m.Attention.LogitSoftCap);
        Check(m.Rope.Base is 0 or (>= 1 and <= 1e12f), "rope.freq_base", "a number from 1 to 1e12", m.Rope.Base);
        Check(m.Rope.Factor is 0 or (>= 1e-3f and <= 1e6f), "rope.scaling.factor", "a number from 0.001 to 1e6", m.Rope.Factor);
        Check(float.IsFinite(m.Rope.AttentionFactor) && m.Rope.AttentionFactor >= 0, "rope.scaling.attn_factor", "a positive number", m.Rope.AttentionFactor);
        Range(m, wrong, "rope.scaling.original_context_length", m.Rope.OriginalContextLength, 0, MaxContext);
        if (wrong.Count == 0)
            return;
        string[] others = [.. wrong.Where(w => !IsTold(m, w.Key)).Select(w => w.Text)];
        if (others.Length == 0)
            RequireNoProblems(m);
        throw new ModelFormatException(string.Join("; ", others));

        void Check(bool isRight, string key, string expected, float found)
        {
            if (!isRight)
                wrong.Add((key, Bad(m, key, expected, found).Message));
        }
    }

    /// <summary>Refuses a model whose files have values that cannot be meant.</summary>
    /// <exception cref="ModelFormatException">They have; the text lists all.</exception>
    public static void RequireNoProblems(ModelMetadata m)
    {
        if (m.Problems.Count > 0)
            throw new ModelFormatException($"the model's metadata cannot be used: {string.Join("; ", m.Problems)}");
    }

    /// <summary>The error for a value out of its bounds.</summary>
    public static ModelFormatException Bad(ModelMetadata m, string key, string expected, object found) =>
        new($"{m.Architecture}.{key}: expected {expected}, found {found}");

    /// <summary>A number of one layer: from the list with a value for each layer, where the file has one, else the same for all.</summary>
    /// <param name="m">The metadata.</param>
    /// <param name="key">The canonical name of number and list.</param>
    /// <param name="all">The number for all layers.</param>
    /// <param name="layer">The layer.</param>
    /// <exception cref="ModelFormatException">The list has another length, or a value that is no whole number.</exception>
    public static int OfLayer(ModelMetadata m, string key, int all, int layer)
    {
        if (!m.ExtraLists.TryGetValue(key, out double[]? values))
            return all;
        if (values.Length != m.LayerCount)
            throw Bad(m, key, $"a value for each of {m.LayerCount} layers", $"{values.Length} values");
        double value = values[layer];
        return value >= 0 && value <= int.MaxValue && Math.Floor(value) == value
            ? (int)value
            : throw Bad(m, key, "whole numbers", value);
    }

    /// <summary>A number that only one family knows, or what stands for it where it is absent.</summary>
    /// <exception cref="ModelFormatException">It is out of its bounds.</exception>
    public static double Extra(ModelMetadata m, string key, double absent, double least, double most)
    {
        if (!m.Extra.TryGetValue(key, out double value))
            return absent;
        return value >= least && value <= most ? value : throw Bad(m, key, $"{least} to {most}", value);
    }

    /// <summary>A factor that only one family knows; where it is absent or 0, what stands for it.</summary>
    /// <exception cref="ModelFormatException">It is out of all reason.</exception>
    public static float Factor(ModelMetadata m, string key, float absent)
    {
        if (!m.Extra.TryGetValue(key, out double value) || value == 0)
            return absent;
        return Math.Abs(value) is >= 1e-6 and <= 1e6 ? (float)value : throw Bad(m, key, "a number from 1e-6 to 1e6", value);
    }

    /// <summary>A factor that only one family knows and needs.</summary>
    /// <exception cref="ModelFormatException">It is absent, 0 or out of all reason.</exception>
    public static float NeededFactor(ModelMetadata m, string key) =>
        Factor(m, key, 0) is not 0 and var value ? value : throw Bad(m, key, "a number other than 0", m.Extra.ContainsKey(key) ? 0 : "none");

    // A value that is a problem already counts as absent, and need not be named twice.
    private static bool IsTold(ModelMetadata m, string key) =>
        m.Problems.Any(p => key.Split(" or ").Any(k => p.Split(": ")[0].EndsWith(k, StringComparison.Ordinal)));

    private static void EachLayer(ModelMetadata m, List<(string Key, string Text)> wrong, string key, int all, int least, int most)
    {
        int before = wrong.Count;
        if (!m.ExtraLists.ContainsKey(key))
            Range(m, wrong, key, all, least, most);
        else
            for (int i = 0; i < m.LayerCount && wrong.Count == before; i++)
                Range(m, wrong, key, OfLayer(m, key, all, i), least, most);
    }

    private static void Range(ModelMetadata m, List<(string Key, string Text)> wrong, string key, int value, int least, int most)
    {
        if (value < least || value > most)
            wrong.Add((key, Bad(m, key, $"{least} to {most}", value).Message));
    }
}
