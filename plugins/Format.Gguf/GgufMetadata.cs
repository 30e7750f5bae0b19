using System.Globalization;

namespace Tessera.Format.Gguf;

/// <summary>Maps the file's keys to the canonical hyperparameters. What cannot be meant becomes a problem, not an error.</summary>
internal sealed class GgufMetadata
{
    private const string ArchitectureKey = "general.architecture", SoftCap = "attn_logit_softcapping";
    // More than any model has layers.
    private const int LongestList = 4096;

    private readonly GgufKeys _keys;
    private readonly string _architecture;
    private readonly List<string> _problems = [];
    private readonly Dictionary<string, double[]> _lists = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private GgufMetadata(GgufKeys keys)
    {
        _keys = keys;
        _architecture = Text(ArchitectureKey) ?? "";
        if (_architecture.Length == 0)
            _problems.Add($"{ArchitectureKey}: expected a name, found nothing");
    }

    /// <summary>Maps the keys of a file.</summary>
    public static ModelMetadata Read(GgufKeys keys) => new GgufMetadata(keys).Map();

    /// <summary>The key of the architecture's own.</summary>
    public string Own(string name) => $"{_architecture}.{name}";

    private ModelMetadata Map()
    {
        float rmsEpsilon = Number(Own("attention.layer_norm_rms_epsilon")), epsilon = Number(Own("attention.layer_norm_epsilon"));
        return new ModelMetadata
        {
            Architecture = _architecture,
            Name = Text("general.name"),
            Description = Text("general.description"),
            VocabularySize = Integer(Own("vocab_size")),
            ContextLength = Integer(Own("context_length")),
            EmbeddingLength = Integer(Own("embedding_length")),
            LayerCount = Integer(Own("block_count")),
            FeedForwardLength = Integer(Own("feed_forward_length")),
            NormEpsilon = rmsEpsilon != 0 ? rmsEpsilon : epsilon,
            Attention = new AttentionMetadata
            {
                HeadCount = Integer(Own("attention.head_count")),
                KeyValueHeadCount = Integer(Own("attention.head_count_kv")),
                KeyLength = Integer(Own("attention.key_length")),
                ValueLength = Integer(Own("attention.value_length")),
                SlidingWindow = Integer(Own("attention.sliding_window")),
                Scale = Number(Own("attention.scale")),
                LogitSoftCap = Number(Own(SoftCap)),
            },
            Activation = GgufActivation.Read(this, _architecture),
            Rope = GgufRope.Read(this, _architecture),
            Pooling = GgufPooling.Read(this, _architecture),
            Sampling = GgufSampling.Read(this),
            Extra = Extra(),
            ExtraLists = _lists,
            Problems = _problems,
        };
    }

    /// <summary>A count; 0 where it is absent or a problem.</summary>
    public int Integer(string key) => OptionalInteger(key, 0) ?? 0;

    /// <summary>A whole number; null where it is absent or a problem. An array with a value for each layer counts where all are equal; else it becomes one of the lists.</summary>
    public int? OptionalInteger(string key, int least)
    {
        if (!TryTake(key, out GgufEntry entry))
            return null;
        if (entry.Count == 0 || !GgufValueTypes.IsInteger(entry.Type))
        {
            Problem(key, "a whole number", entry.TypeText);
            return null;
        }
        Int128 value = _keys.Integer(entry);
        bool isUniform = true;
        for (int i = 1; i < entry.Count && isUniform; i++)
            isUniform = _keys.Integer(entry, i) == value;
        if (isUniform && value >= least && value <= int.MaxValue)
            return (int)value;
        if (isUniform)
            Problem(key, $"{least} to {int.MaxValue}", value.ToString(CultureInfo.InvariantCulture));
        else if (key.StartsWith(Own(""), StringComparison.Ordinal))
            AddList(key, entry);
        else
            Problem(key, "one number", GgufText.Value(_keys, entry));
        return null;
    }

    /// <summary>A number of at least 0; 0 where it is absent or a problem.</summary>
    public float Number(string key) => OptionalNumber(key, 0, float.MaxValue) ?? 0;

    /// <summary>A number in a range; null where it is absent or a problem.</summary>
    public float? OptionalNumber(string key, float least, float most)
    {
        if (!TryTake(key, out GgufEntry entry))
            return null;
        if (entry.IsArray || !GgufValueTypes.IsNumber(entry.Type))
        {
            Problem(key, "a number", entry.TypeText);
            return null;
        }
        double value = _keys.Number(entry);
        if (value >= least && value <= most)
            return (float)value;
        string limit = most == float.MaxValue ? $"a finite number of at least {least}" : $"{least} to {most}";
        Problem(key, limit, value.ToString(CultureInfo.InvariantCulture));
        return null;
    }

    /// <summary>A text; null where it is absent or a problem.</summary>
    public string? Text(string key)
    {
        if (!TryTake(key, out GgufEntry entry))
            return null;
        if (!_keys.TryText(key, out string? text))
            Problem(key, "a string", entry.TypeText);
        return text;
    }

    /// <summary>Records a value that cannot be meant.</summary>
    public void Problem(string key, string expected, string found) => _problems.Add($"{key}: expected {expected}, found {found}");

    private bool TryTake(string key, out GgufEntry entry)
    {
        _used.Add(key);
        return _keys.TryGet(key, out entry);
    }

    /// <summary>The architecture's numbers (bools as 0 and 1) that have no place of their own; a list of equal numbers is also a number.</summary>
    private Dictionary<string, double> Extra()
    {
        Dictionary<string, double> extra = new(StringComparer.Ordinal);
        string prefix = Own("");
        foreach ((string key, GgufEntry entry) in _keys.Entries)
        {
            if (!key.StartsWith(prefix, StringComparison.Ordinal) || _used.Contains(key) || entry.Type == GgufValueType.String || entry.Count == 0)
                continue;
            string name = key[prefix.Length..];
            double value = _keys.Number(entry);
            if (entry.IsArray)
            {
                if (AddList(key, entry) is [double first, ..] values && values.All(v => v == first))
                    extra[name] = first;
            }
            else if (double.IsFinite(value))
                extra[name] = value;
            else
                Problem(key, "a finite number", value.ToString(CultureInfo.InvariantCulture));
        }
        // The file's word that there is no cap: a family may have one where nothing is said.
        if (_keys.TryGet(Own(SoftCap), out GgufEntry cap) && !cap.IsArray && GgufValueTypes.IsNumber(cap.Type) && _keys.Number(cap) == 0)
            extra[SoftCap] = 0;
        return extra;
    }

    /// <summary>Adds to the lists; empty where it is a problem.</summary>
    private double[] AddList(string key, GgufEntry entry)
    {
        if (entry.Count > LongestList)
        {
            Problem(key, $"at most {LongestList} values", entry.TypeText);
            return [];
        }
        double[] values = new double[entry.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = _keys.Number(entry, i);
        if (values.All(double.IsFinite))
            return _lists[key[Own("").Length..]] = values;
        Problem(key, "finite numbers", GgufText.Value(_keys, entry));
        return [];
    }
}
