using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Golden;

/// <summary>A model that a format must read: what it says about itself and its tensors, and the SHA-256 of each tensor's bytes.</summary>
public sealed record FormatSample : GoldenSample
{
    /// <summary>The model's file or folder, beside the sample.</summary>
    [JsonRequired] public string Open { get; init; } = "";

    /// <summary>Members of <see cref="ModelMetadata"/> by name; those that are left out are not compared.</summary>
    [JsonRequired] public JsonElement Metadata { get; init; }

    /// <summary>Every tensor.</summary>
    [JsonRequired] public IReadOnlyList<ExpectedTensor> Tensors { get; init; } = [];

    /// <summary>The tokenizer's kind; null: the model has none.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The tokenizer's number of tokens.</summary>
    public int Tokens { get; init; }

    /// <summary>The chat template; null: the model has none.</summary>
    public string? ChatTemplate { get; init; }

    private protected override string Part => "format";

    /// <inheritdoc/>
    public override string? Problem(PluginParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Formats.FirstOrDefault(f => f.Name == Name) is not { } format)
            return $"the plugin provides no format '{Name}'";
        using GoldenFiles files = new(Folder, Open);
        byte[] first = files.IsFolder ? [] : GoldenFiles.ReadBytes(Folder, Open);
        if (!files.IsFolder && !format.Probe(first.AsSpan(0, Math.Min(64, first.Length)), files.Name))
            return $"Probe says that {Open} is not its own";
        if (files.IsFolder && (format as IFolderFormat)?.ProbeFolder(files) != true)
            return $"the format takes no such folder as {Open}";
        return Compare(format.Open(files)) ?? (files.IsFolder ? null : Cut(format, first.Length));
    }

    /// <summary>The model opened again and again, its files open already.</summary>
    internal PluginWork Work(PluginParts parts)
    {
        IWeightFormat format = parts.Formats.First(f => f.Name == Name);
        GoldenFiles files = new(Folder, Open);
        return new PluginWork(Title, () => format.Open(files), files);
    }

    private string? Compare(ModelSource source)
    {
        if (GoldenJson.Difference(Metadata, JsonSerializer.SerializeToElement(source.Metadata, GoldenJson.Default.ModelMetadata), "metadata") is { } difference)
            return difference;
        if (source.Tensors.Length != Tensors.Count)
            return $"{source.Tensors.Length} tensors, expected {Tensors.Count}";
        foreach (ExpectedTensor expected in Tensors)
            if (Array.Find(source.Tensors, t => t.Name == expected.Name) is not { } tensor)
                return $"there is no tensor '{expected.Name}', but {string.Join(", ", source.Tensors.Select(t => t.Name).Except(Tensors.Select(t => t.Name)))}";
            else if (expected.Problem(tensor) is { } problem)
                return problem;
        if (source.Tokenizer?.Model != Tokenizer || (source.Tokenizer?.Tokens.Length ?? 0) != Tokens)
            return $"tokenizer '{source.Tokenizer?.Model}' with {source.Tokenizer?.Tokens.Length ?? 0} tokens, expected '{Tokenizer}' with {Tokens}";
        return source.ChatTemplate == ChatTemplate ? null : $"chat template '{source.ChatTemplate}', expected '{ChatTemplate}'";
    }

    /// <summary>Half a file must be refused as the contract says, not crash and not be taken for a whole one.</summary>
    private string? Cut(IWeightFormat format, int length)
    {
        using GoldenFiles files = new(Folder, Open, length / 2);
        try
        {
            format.Open(files);
            return $"{Open}, cut after {length / 2} of {length} bytes, is opened; expected a {nameof(ModelFormatException)}";
        }
        catch (TesseraException)
        {
            return null;
        }
        catch (Exception e)
        {
            return $"{Open}, cut after {length / 2} of {length} bytes: {e.GetType().Name}: {e.Message}; expected a {nameof(ModelFormatException)}";
        }
    }
}

/// <summary>One tensor of a <see cref="FormatSample"/>.</summary>
public sealed record ExpectedTensor
{
    /// <summary>The canonical name.</summary>
    [JsonRequired] public string Name { get; init; } = "";

    /// <summary>The shape.</summary>
    [JsonRequired] public IReadOnlyList<long> Shape { get; init; } = [];

    /// <summary>The quantization's id.</summary>
    [JsonRequired] public string Quantization { get; init; } = "";

    /// <summary>The SHA-256 of the bytes of all parts, one after the other, in hexadecimal.</summary>
    [JsonRequired] public string Sha256 { get; init; } = "";

    internal unsafe string? Problem(WeightTensor tensor)
    {
        if (tensor.Name != Name || tensor.Quantization != Quantization || !tensor.Shape.SequenceEqual(Shape))
            return $"tensor {tensor}, expected {Name} {Quantization} [{string.Join(", ", Shape)}]";
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (WeightPart part in tensor.Parts)
        {
            if (part.Offset < 0 || part.Length < 0 || part.Length > part.File.Length - part.Offset)
                return $"tensor '{Name}', part '{part.Name}': {part.Length} bytes at {part.Offset}, the file has {part.File.Length}";
            hash.AppendData(new ReadOnlySpan<byte>(part.Data, checked((int)part.Length)));
        }
        string found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found.Equals(Sha256, StringComparison.OrdinalIgnoreCase) ? null : $"tensor '{Name}': its bytes have SHA-256 {found}, expected {Sha256}";
    }
}
