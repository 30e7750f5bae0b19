using Tessera.Tokenizer.Hf.Files;

namespace Tessera.Tokenizer.Hf;

/// <summary>Creates tokenizers from assets of kind <c>hf</c>: the file tokenizer.json, and tokenizer_config.json for the roles of special tokens.</summary>
public sealed class HfFactory : ITokenizerFactory
{
    private const string Main = "tokenizer.json";
    private const string Config = "tokenizer_config.json";

    /// <inheritdoc/>
    public bool CanCreate(TokenizerAssets assets) => assets.Model == "hf" && assets.Files.ContainsKey(Main);

    /// <inheritdoc/>
    public ITokenizer Create(TokenizerAssets assets)
    {
        if (assets.Model != "hf")
            throw new UnsupportedModelException($"tokenizer.hf: no tokenizer of kind '{assets.Model}'; known here is hf ({Main})");
        if (!assets.Files.TryGetValue(Main, out byte[]? main))
            throw new ModelFormatException($"{Main}: missing; a tokenizer of kind 'hf' needs it");
        using JsonFile file = JsonFile.Parse(main, Main);
        if (!assets.Files.TryGetValue(Config, out byte[]? settings))
            return HfTokenizer.Read(file.Root, null, assets);
        using JsonFile config = JsonFile.Parse(settings, Config);
        return HfTokenizer.Read(file.Root, config.Root, assets);
    }
}
