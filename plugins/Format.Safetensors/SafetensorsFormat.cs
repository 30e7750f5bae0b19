using Tessera.Format.Safetensors.Config;
using Tessera.Format.Safetensors.Families;

namespace Tessera.Format.Safetensors;

/// <summary>Hugging Face folders: config.json, safetensors in one file or in shards, and the tokenizer's files. A single safetensors file takes the folder that it is in.</summary>
public sealed class SafetensorsFormat : IWeightFormat, IFolderFormat
{
    private const string ConfigFile = "config.json", Extension = ".safetensors";

    /// <inheritdoc/>
    public string Name => "safetensors";

    /// <inheritdoc/>
    public bool Probe(ReadOnlySpan<byte> header, string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        return fileName.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public bool ProbeFolder(IModelFiles folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.TryOpen(ConfigFile) is not null || folder.TryOpen(ModelTensors.SingleFile) is not null || folder.TryOpen(ModelTensors.IndexFile) is not null;
    }

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ModelTensors tensors = ModelTensors.Open(files);
        JsonSection? config = files.TryOpen(ConfigFile) is { } file ? JsonSection.Parse(file) : null;
        FolderWeights weights = new(files.Name, tensors, config is null ? null : QuantizationSection(config));
        List<string> problems = [.. weights.Problems], warnings = [.. tensors.Warnings];
        GenerationConfig generation = GenerationConfig.Read(files, config, problems);
        ModelMetadata metadata = new() { Architecture = "", Problems = problems };
        WeightMap map = new(weights);
        SentenceModules modules = SentenceModules.None;
        bool isMapped = false;
        try
        {
            modules = SentenceModules.Read(files);
            FamilyModel model = FamilyTable.Read(config ?? throw new ModelFormatException($"safetensors: '{files.Name}': there is no {ConfigFile}"), generation.Sampling, modules.Pooling, problems);
            metadata = model.Metadata;
            model.Map(map);
            isMapped = weights.Problems.Count == 0;
            warnings.AddRange(UnusedTensors.Describe(map.Unused, map.Prefix));
        }
        catch (TesseraException e) when (e is ModelFormatException or UnsupportedModelException)
        {
            // The tensors can still be looked at.
            problems.Add(e.Message);
        }
        if (map.TakeProblem() is { } wrong)
        {
            problems.Add(wrong);
            isMapped = false;
        }
        (string? template, string? toolTemplate) = ChatTemplates.Read(files);
        return new ModelSource
        {
            Format = Name,
            Metadata = metadata,
            Tensors = isMapped ? [.. map.Mapped, .. modules.Weights] : weights.ToArray(),
            Tokenizer = TokenizerReader.Read(files, generation.EndTokens),
            ChatTemplate = template,
            ToolChatTemplate = toolTemplate,
            Properties = FolderProperties.Read(config, generation, weights.Scheme),
            Warnings = warnings,
        };
    }

    /// <summary>The object that says how weights are quantized; MLX writes the same under two names.</summary>
    private static JsonSection? QuantizationSection(JsonSection config)
    {
        foreach (string key in (ReadOnlySpan<string>)["quantization_config", "quantization"])
            if (config.Section(key) is { } section)
                return section;
        return config.Section("text_config") is { } text && text.Section("quantization_config") is { } nested ? nested : null;
    }
}
