using Tessera.Format.Safetensors.Families;

namespace Tessera.Format.Safetensors.Config;

/// <summary>What sentence-transformers' files say beside the model's own: <c>modules.json</c> with each module's config, the longest text, and prompts.</summary>
internal sealed class SentenceModules
{
    private const string Modules = "modules.json", Settings = "config_sentence_transformers.json", Config = "config.json", Tokenizer = "tokenizer_config.json";
    private const int MostModules = 64;
    // Stands for "no limit" in tokenizer_config.json.
    private const double NoLimit = 1e9;

    // The transformer's own settings, under the names that they have had.
    private static readonly string[] Transformer =
    [
        "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json", "sentence_xlnet_config.json",
    ];

    private SentenceModules(PoolingMetadata pooling, IReadOnlyList<WeightTensor> weights) => (Pooling, Weights) = (pooling, weights);

    /// <summary>A folder that says nothing.</summary>
    public static SentenceModules None { get; } = new(new PoolingMetadata(), []);

    /// <summary>How vectors are made; what depends on the model's class is the family's to add.</summary>
    public PoolingMetadata Pooling { get; }

    /// <summary>Weights of products behind the pool.</summary>
    public IReadOnlyList<WeightTensor> Weights { get; }

    /// <summary>Reads a folder's files; a folder without <c>modules.json</c> does not pool.</summary>
    /// <exception cref="ModelFormatException">A file breaks its rules.</exception>
    /// <exception cref="UnsupportedModelException">A module that is not known.</exception>
    public static SentenceModules Read(IModelFiles files)
    {
        PoolingMetadata pooling = new() { Normalizes = false, MaxTokens = Longest(files) };
        List<WeightTensor> weights = [];
        if (!files.IsFolder || files.TryOpen(Modules) is not { } list)
            return new SentenceModules(pooling, weights);
        IReadOnlyList<JsonSection> modules = JsonSection.ParseList(list);
        if (modules.Count > MostModules)
            throw Errors.File(Modules, $"expected at most {MostModules} modules, found {modules.Count}");
        foreach (JsonSection module in modules)
            pooling = Add(files, module, pooling, weights);
        return new SentenceModules(Prompts(files, pooling), weights);
    }

    private static PoolingMetadata Add(IModelFiles files, JsonSection module, PoolingMetadata pooling, List<WeightTensor> weights)
    {
        string type = module.Text("type") ?? throw module.Bad("type", "a module's class", "nothing"), path = module.Text("path") ?? "";
        string kind = type[(type.LastIndexOf('.') + 1)..];
        if (pooling.Normalizes || (pooling.Kind == PoolingKind.None) != (kind is "Transformer" or "Pooling"))
            throw Unsupported($"at this place among the modules");
        switch (kind)
        {
            case "Transformer":
                return path.Length == 0 ? pooling with { LowersText = Lowers(files) } : throw Unsupported($"with a path of its own ('{Errors.Readable(path)}')");
            case "Pooling":
                return Pool(Part(Config), pooling);
            case "Dense":
                return pooling with { Products = [.. pooling.Products, Dense(Part(Config), Part(ModelTensors.SingleFile, "the module's weights as safetensors"), $"dense_{pooling.Products.Count + 2}", weights)] };
            case "Normalize":
                return pooling with { Normalizes = true };
            default:
                throw Unsupported("");
        }

        // What is wrong with the path is the list's mistake.
        IModelFile Part(string name, string what = "the module's configuration")
        {
            try
            {
                return files.TryOpen($"{path}/{name}") ?? throw new ModelFormatException("there is no such file");
            }
            catch (ModelFormatException e)
            {
                throw module.Bad("path", $"a folder with '{name}', {what}", $"'{Errors.Readable(path)}': {e.Message}");
            }
        }

        UnsupportedModelException Unsupported(string how) =>
            new($"safetensors: {module.Path}: a module of type '{Errors.Readable(type)}'{(how.Length > 0 ? " " + how : "")} is not available; there are Transformer, then Pooling, Dense and Normalize");
    }

    private static PoolingMetadata Pool(IModelFile file, PoolingMetadata pooling)
    {
        JsonSection config = JsonSection.Parse(file);
        string[] modes = config.Has("pooling_mode")
            ? [config.Text("pooling_mode")!]
            : [.. config.Keys.Where(k => k.StartsWith("pooling_mode_", StringComparison.Ordinal) && config.Flag(k) == true).Select(k => k["pooling_mode_".Length..])];
        PoolingKind kind = modes switch
        {
            ["cls_token" or "cls"] => PoolingKind.First,
            ["mean_tokens" or "mean"] => PoolingKind.Mean,
            ["lasttoken" or "last_token"] => PoolingKind.Last,
            _ => throw new UnsupportedModelException($"safetensors: {config.Path}: pooling by {(modes.Length == 0 ? "nothing" : string.Join(" and ", modes.Select(Errors.Readable)))} is not available; there are cls, mean and last token, one of them"),
        };
        return pooling with { Kind = kind, PromptsArePooled = config.Flag("include_prompt") ?? true };
    }

    private static PooledProduct Dense(IModelFile configFile, IModelFile weightFile, string name, List<WeightTensor> weights)
    {
        JsonSection config = JsonSection.Parse(configFile);
        string function = config.Text("activation_function") ?? "torch.nn.modules.activation.Tanh";
        Activation? activation = function[(function.LastIndexOf('.') + 1)..] switch
        {
            "Identity" => null,
            "Tanh" => Activation.Tanh,
            "ReLU" => Activation.Relu,
            "GELU" => Activation.Gelu,
            "SiLU" => Activation.Silu,
            _ => throw config.Bad("activation_function", "Identity, Tanh, ReLU, GELU or SiLU", $"'{Errors.Readable(function)}'"),
        };
        IReadOnlyList<StoredTensor> tensors = SafetensorsFile.Read(weightFile).Tensors;
        foreach ((string part, bool isNeeded) in new[] { ("weight", true), ("bias", config.Flag("bias") ?? true) })
        {
            StoredTensor? stored = tensors.FirstOrDefault(t => t.Name == $"linear.{part}");
            stored?.RequireFloats();
            if (stored?.Plain() is { } weight)
                weights.Add(WeightStack.Renamed(weight, $"{name}.{part}"));
            else if (isNeeded)
                throw Errors.Tensor(weightFile.Name, $"linear.{part}", "missing");
        }
        return new PooledProduct(name, activation);
    }

    private static PoolingMetadata Prompts(IModelFiles files, PoolingMetadata pooling)
    {
        if (files.TryOpen(Settings) is not { } file)
            return pooling;
        JsonSection settings = JsonSection.Parse(file);
        Dictionary<string, string> prompts = new(StringComparer.Ordinal);
        if (settings.Section("prompts") is { } given)
            foreach (string name in given.Keys)
                prompts.Add(name, given.Text(name) ?? "");
        string? purpose = settings.Text("default_prompt_name");
        if (purpose is not null && !prompts.ContainsKey(purpose))
            throw settings.Bad("default_prompt_name", "one of the prompts", $"'{Errors.Readable(purpose)}'");
        return pooling with { Prompts = prompts, DefaultPrompt = purpose };
    }

    private static bool Lowers(IModelFiles files)
    {
        foreach (string name in Transformer)
            if (files.TryOpen(name) is { } file)
                return JsonSection.Parse(file).Flag("do_lower_case") ?? false;
        return false;
    }

    // The module's own limit, else the tokenizer's.
    private static int Longest(IModelFiles files)
    {
        foreach (string name in Transformer)
            if (files.TryOpen(name) is { } file && JsonSection.Parse(file).Integer("max_seq_length", 1) is { } length)
                return length;
        return files.TryOpen(Tokenizer) is { } tokenizer && JsonSection.Parse(tokenizer).Number("model_max_length") is >= 1 and < NoLimit and var most ? (int)most : 0;
    }
}
