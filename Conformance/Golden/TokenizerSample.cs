using System.Text;
using System.Text.Json.Serialization;
using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Golden;

/// <summary>A tokenizer's assets, and texts with the ids that they must become and the bytes that the ids must become again.</summary>
public sealed record TokenizerSample : GoldenSample
{
    /// <summary>The assets.</summary>
    [JsonRequired] public SampleAssets Assets { get; init; } = new();

    /// <summary>The texts.</summary>
    [JsonRequired] public IReadOnlyList<SampleText> Texts { get; init; } = [];

    private protected override string Part => "tokenizer";

    /// <inheritdoc/>
    public override string? Problem(PluginParts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        TokenizerAssets assets = Read();
        if (Texts.Count == 0)
            return "the sample has no texts";
        if (parts.TokenizerFactories.FirstOrDefault(f => f.CanCreate(assets)) is not { } factory)
            return $"no factory of the plugin can create a tokenizer of kind '{assets.Model}'";
        ITokenizer tokenizer = factory.Create(assets);
        return Texts.Select(t => t.Problem(tokenizer)).FirstOrDefault(p => p is not null);
    }

    internal TokenizerAssets Read() => Assets.Read(Folder);
}

/// <summary><see cref="TokenizerAssets"/> as a sample's file has them: spellings as texts, files by name.</summary>
public sealed record SampleAssets
{
    /// <summary>As <see cref="TokenizerAssets.Model"/>.</summary>
    [JsonRequired] public string Model { get; init; } = "";

    /// <summary>As <see cref="TokenizerAssets.PreTokenizer"/>.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Tokens"/>, in UTF-8.</summary>
    public IReadOnlyList<string>? Tokens { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Scores"/>.</summary>
    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Kinds"/>, by number.</summary>
    public IReadOnlyList<int>? Kinds { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Merges"/>.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Special"/>.</summary>
    public IReadOnlyDictionary<SpecialToken, int>? Special { get; init; }

    /// <summary>As <see cref="TokenizerAssets.AddBos"/>.</summary>
    public bool? AddBos { get; init; }

    /// <summary>As <see cref="TokenizerAssets.AddEos"/>.</summary>
    public bool? AddEos { get; init; }

    /// <summary>As <see cref="TokenizerAssets.AddSpacePrefix"/>.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>As <see cref="TokenizerAssets.RemoveExtraWhitespaces"/>.</summary>
    public bool? RemoveExtraWhitespaces { get; init; }

    /// <summary>As <see cref="TokenizerAssets.Lowercase"/>.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>As <see cref="TokenizerAssets.StripAccents"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>For each name of <see cref="TokenizerAssets.Files"/> the file beside the sample.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    internal TokenizerAssets Read(string folder) => new()
    {
        Model = Model,
        PreTokenizer = PreTokenizer,
        Tokens = [.. (Tokens ?? []).Select(Encoding.UTF8.GetBytes)],
        Scores = [.. Scores ?? []],
        Kinds = [.. (Kinds ?? []).Select(k => (TokenKind)k)],
        Merges = [.. Merges ?? []],
        Special = Special ?? new Dictionary<SpecialToken, int>(),
        AddBos = AddBos,
        AddEos = AddEos,
        AddSpacePrefix = AddSpacePrefix,
        RemoveExtraWhitespaces = RemoveExtraWhitespaces,
        Lowercase = Lowercase,
        StripAccents = StripAccents,
        Files = (Files ?? new Dictionary<string, string>()).ToDictionary(f => f.Key, f => GoldenFiles.ReadBytes(folder, f.Value)),
    };
}

/// <summary>One text of a <see cref="TokenizerSample"/>.</summary>
public sealed record SampleText
{
    /// <summary>The text.</summary>
    [JsonRequired] public string Text { get; init; } = "";

    /// <summary>Its ids.</summary>
    [JsonRequired] public IReadOnlyList<int> Ids { get; init; } = [];

    /// <summary>As <see cref="EncodeOptions.AddSpecial"/>.</summary>
    public bool AddSpecial { get; init; }

    /// <summary>As <see cref="EncodeOptions.ParseSpecial"/>.</summary>
    public bool ParseSpecial { get; init; }

    /// <summary>What a reader of the ids gets to see, control tokens left out; null: the text.</summary>
    public string? Decoded { get; init; }

    internal string? Problem(ITokenizer tokenizer)
    {
        List<int> ids = [];
        tokenizer.Encode(Text, new EncodeOptions { AddSpecial = AddSpecial, ParseSpecial = ParseSpecial }, ids);
        if (!ids.SequenceEqual(Ids))
            return $"'{Text}' becomes [{string.Join(", ", ids)}], expected [{string.Join(", ", Ids)}]";
        string decoded = Decode(tokenizer);
        return decoded == (Decoded ?? Text) ? null : $"the ids of '{Text}' become '{decoded}' again, expected '{Decoded ?? Text}'";
    }

    private string Decode(ITokenizer tokenizer)
    {
        ITokenDecoder decoder = tokenizer.CreateDecoder(skipControl: true);
        byte[] piece = new byte[decoder.MaxBytes];
        List<byte> bytes = [];
        foreach (int id in Ids)
            bytes.AddRange(piece.AsSpan(0, decoder.Append(id, piece)));
        bytes.AddRange(piece.AsSpan(0, decoder.Finish(piece)));
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
