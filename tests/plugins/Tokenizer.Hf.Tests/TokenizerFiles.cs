using System.Text;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>Tokenizers from files and from JSON.</summary>
internal static class TokenizerFiles
{
    /// <summary>The tokenizer of a folder.</summary>
    public static ITokenizer Read(string folder)
    {
        Dictionary<string, byte[]> files = [];
        foreach (string name in (string[])["tokenizer.json", "tokenizer_config.json"])
            if (File.Exists(Path.Combine(folder, name)))
                files[name] = File.ReadAllBytes(Path.Combine(folder, name));
        return Create(files);
    }

    /// <summary>The tokenizer of a tokenizer.json and, maybe, a tokenizer_config.json.</summary>
    public static ITokenizer Parse(string json, string? config = null)
    {
        Dictionary<string, byte[]> files = new() { ["tokenizer.json"] = Encoding.UTF8.GetBytes(json) };
        if (config is not null)
            files["tokenizer_config.json"] = Encoding.UTF8.GetBytes(config);
        return Create(files);
    }

    public static ITokenizer Create(Dictionary<string, byte[]> files)
    {
        TokenizerAssets assets = new() { Model = "hf", Tokens = [], Files = files };
        HfFactory factory = new();
        Assert.True(factory.CanCreate(assets));
        return factory.Create(assets);
    }
}
