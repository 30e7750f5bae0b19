using System.Text;
using Tessera.Format.Gguf.Writing.Vocabularies;

namespace Tessera.Format.Gguf.Writing;

/// <summary>Plans GGUF files, version 3, with the names, keys and types that llama.cpp reads.</summary>
public sealed class GgufWeightWriter : IWeightWriter
{
    private const uint QuantizationVersion = 2;

    /// <inheritdoc/>
    public string Name => "gguf";

    /// <inheritdoc/>
    public IReadOnlyList<string> FileTypes { get; } = [.. Writing.FileTypes.All.Select(t => t.Name)];

    /// <inheritdoc/>
    public bool CanWrite(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        return fileName.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public WritePlan Plan(ModelSource source, IModelFiles files, string? fileType)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(files);
        ModelMetadata m = source.Metadata;
        FileType? wanted = fileType is null ? null : Writing.FileTypes.Named(fileType);
        if (m.Problems.Count > 0)
            throw new ModelFormatException($"gguf: '{files.Name}': {string.Join("; ", m.Problems)}");
        if (source.Tensors.Length == 0)
            throw new ModelFormatException($"gguf: '{files.Name}': expected weights, found none");
        List<string> notes = [];
        HeaderBuilder header = new();
        bool isOwn = source.Format == Name;
        string architecture = isOwn ? m.Architecture : WriterArchitectures.Named(m.Architecture);
        PlannedTensor[] tensors = isOwn
            ? [.. source.Tensors.Select(t => new PlannedTensor(t.Name, t.Shape, t))]
            : [.. new TensorPlan(m, architecture).Of(source.Tensors), .. RopeKeys.Tensors(m)];
        if (isOwn)
            KeyCopy.Add(GgufSplit.Open(files)[0].Keys, header);
        else
            AddKeys(header, source, files, architecture, notes);
        TensorTypes types = new(wanted, architecture, m, tensors, isOwn);
        string[] chosen = [.. tensors.Select(types.Of)];
        FileType type = wanted ?? types.Stored;
        header.Add("general.file_type", type.Number);
        header.Add("general.quantization_version", QuantizationVersion);
        notes.AddRange(types.Notes);
        return Place(header, tensors, chosen, type.Name, architecture, notes);
    }

    private static void AddKeys(HeaderBuilder header, ModelSource source, IModelFiles files, string architecture, List<string> notes)
    {
        long rows = source.Tensors.FirstOrDefault(t => t.Name == "token_embd.weight")?.Rows
            ?? throw new ModelFormatException($"gguf: '{files.Name}': tensor 'token_embd.weight' is missing");
        WriterArchitectures.Check(architecture, source);
        new ModelKeys(header, architecture, notes).Add(source.Metadata, files.IsFolder ? files.Name : Path.GetFileNameWithoutExtension(files.Name), rows);
        notes.AddRange(LoaderNotes.Of(architecture, source));
        // llama.cpp takes one label where the key is absent.
        if (source.Metadata.Pooling.IsClassifier && source.Tensors.FirstOrDefault(t => t.Name == "cls.output.weight") is { Rows: > 1 } labels)
            header.AddTexts($"{architecture}.classifier.output_labels", [.. Enumerable.Range(0, checked((int)labels.Rows)).Select(i => Encoding.UTF8.GetBytes($"LABEL_{i}"))]);
        long types = source.Tensors.FirstOrDefault(t => t.Name == "token_types.weight")?.Rows ?? (WriterArchitectures.NeedsTokenTypes(architecture) ? 1 : 0);
        if (types > 0)
            header.Add("tokenizer.ggml.token_type_count", checked((uint)types));
        if (source.Tokenizer is { } assets)
            VocabularyKeys.Add(header, assets.Tokens.Length > 0 ? assets : HuggingFaceVocabulary.Read(assets, notes), rows);
        else
        {
            VocabularyKeys.AddNone(header);
            notes.Add("the model has no tokenizer; neither has the file");
        }
        if (source.ChatTemplate is { } template)
            header.Add("tokenizer.chat_template", template);
        if (source.ToolChatTemplate is { } tools)
        {
            header.Add("tokenizer.chat_template.tool_use", tools);
            header.AddTexts("tokenizer.chat_templates", ["tool_use"u8.ToArray()]);
        }
    }

    private static WritePlan Place(HeaderBuilder header, PlannedTensor[] tensors, string[] chosen, string type, string architecture, List<string> notes)
    {
        var lines = new HeaderTensor[tensors.Length];
        for (int i = 0; i < lines.Length; i++)
        {
            (uint number, GgufType layout) = GgufTypes.Named(chosen[i]);
            long values = 1;
            foreach (long dimension in tensors[i].Shape)
                values = checked(values * dimension);
            lines[i] = new HeaderTensor(tensors[i].Name, tensors[i].Shape, number, checked(values / layout.BlockSize * layout.BlockBytes));
        }
        (byte[] bytes, long[] offsets, long length) = header.Build(lines, GgufConstants.DefaultAlignment);
        return new WritePlan
        {
            FileType = type,
            Architecture = architecture,
            Header = bytes,
            Length = length,
            Notes = notes,
            Tensors = [.. tensors.Select((t, i) => new WrittenTensor
            {
                Name = t.Name,
                Shape = t.Shape,
                Quantization = chosen[i],
                Offset = offsets[i],
                Length = lines[i].Length,
                Source = t.Source,
                Values = t.Values,
                Rows = t.Rows,
                Columns = t.Columns,
                KeepsValues = TensorTypes.KeepsValues(t.Source?.Quantization, chosen[i]),
                Addend = t.Addend,
            })],
        };
    }
}
