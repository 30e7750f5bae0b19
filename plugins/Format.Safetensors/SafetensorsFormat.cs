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
        return Holds(folder, ConfigFile) || Holds(folder, ModelTensors.SingleFile) || Holds(folder, ModelTensors.IndexFile);
    }

    // A file that cannot be read is there, and opening the folder says what is wrong with it.
    private static bool Holds(IModelFiles folder, string name)
    {
        try
        {
            return folder.TryOpen(name) is not null;
        }
        catch (ModelFormatException)
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        ModelTensors tensors = ModelTensors.Open(files);
        List<string> faults = [.. tensors.Faults], warnings = [.. tensors.Warnings], problems = [];
        IModelFile? file = Attempt.Read(() => files.TryOpen(ConfigFile), faults);
        JsonSection? config = file is null ? null : Attempt.Read(() => JsonSection.Parse(file), faults);
        FolderWeights weights = new(files.Name, tensors, config);
        problems.AddRange(weights.Problems);
        GenerationConfig generation = GenerationConfig.Read(files, config, problems, faults);
        SentenceModules modules = Attempt.Read(() => SentenceModules.Read(files), faults, problems) ?? SentenceModules.None;
        ModelMetadata metadata = new() { Architecture = "", Problems = problems };
        WeightMap map = new(weights);
        bool isMapped = false;
        // Whatever fails, the tensors can still be looked at.
        if (config is not null)
            Attempt.Do(
                () =>
                {
                    FamilyModel model = FamilyTable.Read(config, generation.Sampling, modules.Pooling, problems);
                    metadata = model.Metadata;
                    model.Map(map);
                    isMapped = weights.Problems.Count == 0 && tensors.Faults.Count == 0;
                    if (tensors.Faults.Count == 0)
                        warnings.AddRange(UnusedTensors.Describe(map.Unused, map.Prefix));
                },
                problems,
                problems);
        else if (faults.Count == tensors.Faults.Count)
            problems.Add($"safetensors: '{files.Name}': there is no {ConfigFile}");
        if (map.TakeProblem() is { } wrong)
        {
            problems.Add(wrong);
            isMapped = false;
        }
        ChatTemplates? templates = Attempt.Read(() => ChatTemplates.Read(files, warnings), faults);
        TokenizerAssets? tokenizer = Attempt.Read(() => TokenizerReader.Read(files, generation.EndTokens), faults);
        // What cannot be read comes first: the rest may follow from it.
        problems.InsertRange(0, faults);
        return new ModelSource
        {
            Format = Name,
            Metadata = metadata,
            Tensors = isMapped ? [.. map.Mapped, .. modules.Weights] : weights.ToArray(),
            Tokenizer = tokenizer,
            ChatTemplate = templates?.Default,
            ToolChatTemplate = templates?.Tools,
            Properties = FolderProperties.Read(config, generation, weights.Scheme),
            Warnings = warnings,
            Faults = faults,
        };
    }
}
