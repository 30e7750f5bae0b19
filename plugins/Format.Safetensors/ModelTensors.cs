namespace Tessera.Format.Safetensors;

/// <summary>The tensors of a model: of one file, or of the shards that <c>model.safetensors.index.json</c> names.</summary>
internal sealed class ModelTensors
{
    public const string SingleFile = "model.safetensors", IndexFile = "model.safetensors.index.json";

    private const string MapKey = "weight_map";
    private const int MostShards = 4096;
    private const int NamesInMessage = 32;

    private readonly SortedDictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [];

    private ModelTensors()
    {
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, StoredTensor> All => _tensors;

    /// <summary>What is odd, but no error.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads the headers of all files.</summary>
    /// <exception cref="ModelFormatException">A file is missing or broken, or the index and the shards contradict each other.</exception>
    /// <exception cref="UnsupportedModelException">A folder without safetensors.</exception>
    public static ModelTensors Open(IModelFiles files)
    {
        ModelTensors tensors = new();
        string single = files.IsFolder ? SingleFile : files.Name;
        // Some writers leave an index beside a single file.
        if (files.TryOpen(single) is { } file)
            foreach (StoredTensor tensor in SafetensorsFile.Read(file).Tensors)
                tensors._tensors.Add(tensor.Name, tensor);
        else if (files.IsFolder && files.TryOpen(IndexFile) is { } index)
            tensors.AddShards(files, JsonSection.Parse(index));
        else if (files.IsFolder)
            throw new UnsupportedModelException($"safetensors: '{files.Name}': there is no {SingleFile} and no {IndexFile}; weights in other files, such as pytorch_model.bin, are not read");
        else
            throw new ModelFormatException($"safetensors: '{files.Name}': there is no such file");
        return tensors;
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
        List<string> missing = [];
        foreach (string shard in shards)
            if (OpenShard(files, shard) is not { } file)
                missing.Add(shard);
            else if (missing.Count == 0)
                Add(SafetensorsFile.Read(file), shard, places);
        if (missing.Count > 0)
            throw Errors.File(IndexFile, $"it names files that are not there: {string.Join(", ", missing.Take(NamesInMessage).Select(Errors.Readable))}{(missing.Count > NamesInMessage ? $" and {missing.Count - NamesInMessage} more" : "")}");
        foreach ((string name, string shard) in places)
            if (!_tensors.ContainsKey(name))
                throw Errors.Tensor(shard, name, $"missing, though {IndexFile} says that it is in this file");
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
