namespace Tessera.Format.Safetensors.Families;

/// <summary>Gives a folder's weights their canonical names. A family names all that its graph needs; what is missing is collected into one problem, what is left over is told.</summary>
internal sealed class WeightMap
{
    private const string Embedding = "embed_tokens.weight";

    // Where the decoder's own tensors begin: alone, and inside multimodal models as they were saved over the years.
    private static readonly string[] Prefixes = ["model.", "model.language_model.", "language_model.model.", "model.text_model.", "text_model.model.", "language_model.", ""];

    private const int MostNamed = 50;

    private readonly FolderWeights _weights;
    private readonly List<string> _wrong = [];
    private readonly List<WeightTensor> _mapped = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>Begins a map.</summary>
    public WeightMap(FolderWeights weights)
    {
        _weights = weights;
        Prefix = Array.Find(Prefixes, p => weights.Find(p + Embedding) is not null) ?? Prefixes[0];
    }

    /// <summary>What the names of the decoder's tensors begin with.</summary>
    public string Prefix { get; }

    /// <summary>The weights that have canonical names.</summary>
    public IReadOnlyList<WeightTensor> Mapped => _mapped;

    /// <summary>Whether the folder has a tensor.</summary>
    /// <param name="stored">Its name behind <see cref="Prefix"/>.</param>
    public bool Has(string stored) => _weights.Find(Prefix + stored) is not null;

    /// <summary>A tensor that the graph needs.</summary>
    /// <param name="stored">Its name behind <see cref="Prefix"/>.</param>
    /// <param name="canonical">Its canonical name.</param>
    /// <exception cref="ModelFormatException">It is the last of very many that are missing.</exception>
    public void Add(string stored, string canonical) => AddFull(Prefix + stored, canonical);

    /// <summary>A module's weight and, if it has one, bias.</summary>
    public void Add(string module, string canonical, bool bias)
    {
        Add(module + ".weight", canonical + ".weight");
        if (bias)
            Add(module + ".bias", canonical + ".bias");
    }

    /// <summary>A tensor that the graph needs and whose matrices stand transposed in the files.</summary>
    public void AddTransposed(string stored, string canonical)
    {
        if (Need(Prefix + stored) is not { } weight)
            return;
        if (_weights.Transposed(Prefix + stored) is { } transposed)
            _mapped.Add(WeightStack.Renamed(transposed, canonical));
        else
            Note($"safetensors: tensor '{Errors.Readable(Prefix + stored)}': expected transposed matrices of F32, F16 or BF16, found {weight.Quantization} {weight.ShapeText}");
    }

    /// <summary>Tensors of one shape as one weight with a dimension in front.</summary>
    public void Stack(IEnumerable<string> stored, string canonical)
    {
        WeightTensor?[] found = [.. stored.Select(s => Need(Prefix + s))];
        try
        {
            if (!found.Contains(null))
                _mapped.Add(WeightStack.Join(found!, canonical));
        }
        catch (TesseraException e) when (e is ModelFormatException or UnsupportedModelException)
        {
            Note(e.Message);
        }
    }

    /// <summary>The embedding, the last norm and, unless it is the embedding, the output matrix.</summary>
    /// <param name="tied">Whether the embedding is the output matrix too.</param>
    /// <param name="normBias">Whether the last norm has a bias.</param>
    /// <param name="headBias">Whether the output matrix has a bias.</param>
    /// <param name="norm">The last norm's module.</param>
    public void AddEnds(bool tied, bool normBias = false, bool headBias = false, string norm = "norm")
    {
        Add(Embedding, "token_embd.weight");
        Add(norm, "output_norm", normBias);
        string head = HeadPrefix();
        if (!tied)
            AddFull(head + "lm_head.weight", "output.weight");
        if (headBias)
            AddFull(head + "lm_head.bias", "output.bias");
    }

    /// <summary>A tensor by its whole name.</summary>
    public void AddFull(string stored, string canonical)
    {
        if (Need(stored) is { } weight)
            _mapped.Add(WeightStack.Renamed(weight, canonical));
    }

    /// <summary>Whether the folder has a tensor of this whole name.</summary>
    public bool HasFull(string stored) => _weights.Find(stored) is not null;

    /// <summary>Tensors that the model's graph never needs, and that are no surprise.</summary>
    public void Ignore(params ReadOnlySpan<string> stored)
    {
        foreach (string name in stored)
            _used.Add(name);
    }

    /// <summary>The folder's tensors that nothing has asked for.</summary>
    public IEnumerable<string> Unused => _weights.Names.Where(n => !_used.Contains(n));

    private string HeadPrefix()
    {
        foreach (string prefix in (ReadOnlySpan<string>)["", "language_model.", Prefix])
            if (_weights.Find(prefix + "lm_head.weight") is not null)
                return prefix;
        return "";
    }

    /// <summary>What is wrong with the tensors that were asked for, in one text, and forgets it; null: nothing.</summary>
    public string? TakeProblem()
    {
        if (_wrong.Count == 0)
            return null;
        string several = _wrong.Count == 1 ? "" : $"{(_wrong.Count > MostNamed ? "more than " : "")}{Math.Min(_wrong.Count, MostNamed)} tensors are not as they should be: ";
        string problem = several + string.Join("; ", _wrong.Take(MostNamed));
        _wrong.Clear();
        return problem;
    }

    /// <summary>A weight; null, and noted, where it cannot be had.</summary>
    private WeightTensor? Need(string stored)
    {
        _used.Add(stored);
        try
        {
            return _weights.Need(stored);
        }
        catch (TesseraException e) when (e is ModelFormatException or UnsupportedModelException)
        {
            if (!_weights.IsTold(stored))
                Note(e.Message);
            return null;
        }
    }

    // A configuration may ask for any number of layers: what is missing beyond reason ends the map.
    private void Note(string problem)
    {
        _wrong.Add(problem);
        if (_wrong.Count > MostNamed)
            throw new ModelFormatException(TakeProblem()!);
    }
}
