namespace Tessera.Format.Safetensors;

/// <summary>The tensors of a model: of one file, or of the shards that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class ModelTensors
{
    public const string SingleFile = "model.safetensors", IndexFile = "model.safetensors.index.json";

    private const string MapKey = "weight_map";
    private const int MostShards = 4096, MostBroken = 16, NamesInMessage = 32;

    private readonly SortedDictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [], _faults = [];

    private ModelTensors()
    {
    }

    /// <summary>What is wrong with the files; where anything is, some tensors of the model are not among <see cref="All"/>.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> All => _tensors;

    /// <summary>What is odd, but no error.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads the headers of all files. One that is missing or broken is a fault, as is what the index and the shards contradict each other in; the other files' tensors are there.</summary>
    /// <exception cref="UnsupportedModelException">A folder without safetensors.</exception>
    public static ModelTensors Open(IModelFiles files)
    {
        ModelTensors tensors = new();
        Attempt.Do(() => tensors.Read(files), tensors._faults);
        return tensors;
    }

    private void Read(IModelFiles files)
    {
        string single = files.IsFolder ? SingleFile : files.Name;
        // Some writers leave an index beside a single file.
        if (files.TryOpen(single) is { } file)
            foreach (StoredTensor tensor in SafetensorsFile.Read(file).Tensors)
                _tensors.Add(tensor.Name, tensor);
        else if (files.IsFolder && files.TryOpen(IndexFile) is { } index)
            AddShards(files, JsonSection.Parse(index));
        else if (files.IsFolder)
            throw new UnsupportedModelException($"safetensors: '{files.Name}': there is no {SingleFile} and no {IndexFile}; weights in other files, such as pytorch_model.bin, are not read");
        else
            throw new ModelFormatException($"safetensors: '{files.Name}': there is no such file");
    }

    private void AddShards(IModelFiles files, JsonSection index)
    {
        JsonSection map = index.Section(MapKey) ?? throw index.Bad(MapKey, "an object that names the file of each tensor", "nothing");
        Dictionary<string, string> places = new(StringComparer.Ordinal);
        foreach (string name in map.Keys)
            places.Add(name, map.Text(name) ?? throw map.Bad(name, "the name of a file", "null"));
        string[] shards = [.. places.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (shards.Length > MostShards)
            throw index.Bad(MapKey, $"at most {MostShards} files", $"{shards.Length}");
        List<string> missing = [], broken = [];
        HashSet<string> whole = new(StringComparer.Ordinal);
        foreach (string shard in shards)
            Attempt.Do(
                () =>
                {
                    if (OpenShard(files, shard) is not { } file)
                        missing.Add(shard);
                    else
                    {
                        Add(SafetensorsFile.Read(file), shard, places);
                        whole.Add(shard);
                    }
                },
                broken);
        if (missing.Count > 0)
            _faults.Add(Errors.File(IndexFile, $"it names files that are not there: {string.Join(", ", missing.Take(NamesInMessage).Select(Errors.Readable))}{(missing.Count > NamesInMessage ? $" and {missing.Count - NamesInMessage} more" : "")}").Message);
        _faults.AddRange(broken.Take(MostBroken));
        if (broken.Count > MostBroken)
            _faults.Add(Errors.File(IndexFile, $"{broken.Count - MostBroken} more of its files cannot be read").Message);
        string[] absent = [.. places.Where(p => whole.Contains(p.Value) && !_tensors.ContainsKey(p.Key)).Select(p => p.Key).Order(StringComparer.Ordinal)];
        if (absent.Length > 0)
            _faults.Add(Errors.Tensor(places[absent[0]], absent[0], $"missing, though {IndexFile} says that it is in this file{(absent.Length > 1 ? $"; so it is with {absent.Length - 1} more tensor{(absent.Length == 2 ? "" : "s")}" : "")}").Message);
    }

    // What is wrong with the name is the index's mistake.
    private static IModelFile? OpenShard(IModelFiles files, string shard)
    {
        try
        {
            return files.TryOpen(shard);
        }
        catch (ModelFormatException e)
        {
            throw Errors.File(IndexFile, $"it names '{Errors.Readable(shard)}': {e.Message}");
        }
    }

    private void Add(SafetensorsFile file, string shard, Dictionary<string, string> places)
    {
        foreach (StoredTensor tensor in file.Tensors)
        {
            if (!places.TryGetValue(tensor.Name, out string? place))
                _warnings.Add($"file '{shard}': tensor '{Errors.Readable(tensor.Name)}' is not in {IndexFile}");
            else if (place != shard)
            {
                // The file that the index names has it, or the check behind fails.
                _warnings.Add($"file '{shard}': tensor '{Errors.Readable(tensor.Name)}' is passed over; {IndexFile} says that it is in '{place}'");
                continue;
            }
            if (!_tensors.TryAdd(tensor.Name, tensor))
                throw Errors.Tensor(shard, tensor.Name, "found in an earlier file too");
        }
    }
}
