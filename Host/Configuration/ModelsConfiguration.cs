namespace Tessera.Host.Configuration;

/// <summary>Section <c>models</c>.</summary>
public sealed record ModelsConfiguration
{
    /// <summary>The name that a request means which names no model; null where no model is configured.</summary>
    public required string? Default { get; init; }

    /// <summary>The models; names are unique.</summary>
    public required IReadOnlyList<ModelConfiguration> List { get; init; }

    internal ModelsConfiguration With(string nameOrPath, string workingFolder)
    {
        if (List.Any(m => m.Name == nameOrPath))
            return this with { Default = nameOrPath };
        string path = Path.GetFullPath(nameOrPath, workingFolder);
        if (!System.IO.File.Exists(path) && !Directory.Exists(path))
            throw new ConfigurationException([$"model '{nameOrPath}': neither a configured model nor a file{Suggestion.For(nameOrPath, List.Select(m => m.Name))}"]);
        if (List.FirstOrDefault(m => m.Path == path) is { } configured)
            return this with { Default = configured.Name };
        string name = Directory.Exists(path) ? new DirectoryInfo(path).Name : Path.GetFileNameWithoutExtension(path);
        string unique = name;
        for (int i = 2; List.Any(m => m.Name == unique); i++)
            unique = $"{name}-{i}";
        return new() { Default = unique, List = [.. List, new ModelConfiguration { Name = unique, Path = path }] };
    }
}

/// <summary>One entry of <c>models.list</c>.</summary>
public sealed record ModelConfiguration
{
    /// <summary>Plain decoding, without drafts.</summary>
    public const string PlainDecoding = "plain";

    /// <summary>The name that clients use.</summary>
    public required string Name { get; init; }

    /// <summary>The model's file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>The longest context of a sequence; null: the model's own, at most <see cref="Tessera.Host.Models.CompositionBuilder.DefaultContext"/>.</summary>
    public int? Context { get; init; }

    /// <summary>Ids of plugins with backends, in order of preference; empty: every loaded one.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = [];

    /// <summary>The id of a plugin with a decoding strategy, or <see cref="PlainDecoding"/>.</summary>
    public string Decoding { get; init; } = PlainDecoding;

    /// <summary>The file or folder of a second, smaller model that <see cref="Decoding"/> may draft with; null: there is none.</summary>
    public string? Draft { get; init; }

    /// <summary>Where the entry's keys stand in the file, for messages; entries that differ in nothing else are equal.</summary>
    internal ModelPlaces Places { get; init; } = ModelPlaces.None;

    /// <summary>Defaults of this model's requests, over what its files recommend.</summary>
    public SamplingDefaults Sampling { get; init; } = new();

    /// <summary>The precision of activations.</summary>
    public ActivationPrecision Activations { get; init; } = ActivationPrecision.Fast;
}
