using System.Text.Json;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>A decoder's folder and what comes out of it (../shared/fixtures/hf-models/README.md).</summary>
internal sealed class HfGolden
{
    private const string NewConfig = "config.json", OldConfig = "config.v4.json";
    private readonly JsonElement _root;

    private HfGolden(string name)
    {
        Name = name;
        Folder = Shared.Require("fixtures", "hf-models", name);
        _root = JsonElement.Parse(File.ReadAllBytes(Path.Combine(Folder, "goldens.json")));
        Sequences = [.. _root.GetProperty("sequences").EnumerateArray().Select(s => new HfSequence(
            Ints(s.GetProperty("tokens")), Ints(s.GetProperty("positions")), [.. s.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())]))];
        // The README's four lengths; the sequence of 7 tokens has all positions, the others their last one.
        Assert.Equal([1, 7, 33, 130], Sequences.Select(s => s.Tokens.Length).Order());
        Assert.Equal(10, Sequences.Sum(s => s.Positions.Length));
        Conversations = [.. _root.GetProperty("text").EnumerateArray()];
        Assert.Equal(6, Conversations.Count);
        Texts = [.. _root.GetProperty("tokenizer").EnumerateArray()];
        Assert.Equal(23, Texts.Count);
        Assert.Equal(32, Greedy.Length);
    }

    /// <summary>Every decoder.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["gemma2", "gemma3_text", "gpt_oss", "llama2_bias", "llama3", "llama_sharded", "mistral", "mixtral", "phi3", "qwen2", "qwen2_yarn", "qwen3", "qwen3_moe"];

    /// <summary>Those whose folder has the older spelling of the configuration too.</summary>
    public static IReadOnlyList<string> NamesOfOld { get; } = ["gemma2", "gemma3_text", "llama3", "mistral", "qwen2", "qwen3"];

    public string Name { get; }

    public string Folder { get; }

    public double Tolerance => _root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();

    public int VocabularySize => _root.GetProperty("n_vocab").GetInt32();

    public IReadOnlyList<HfSequence> Sequences { get; }

    public int[] Prompt => Ints(_root.GetProperty("greedy").GetProperty("prompt"));

    public int[] Greedy => Ints(_root.GetProperty("greedy").GetProperty("tokens"));

    public int[] EndTokens => Ints(_root.GetProperty("eos_token_ids"));

    public DateTime Now => DateTime.Parse(_root.GetProperty("now").GetString()!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Conversations with their prompt and continuation.</summary>
    public IReadOnlyList<JsonElement> Conversations { get; }

    /// <summary>Texts with their ids.</summary>
    public IReadOnlyList<JsonElement> Texts { get; }

    /// <summary>Reads a fixture, or skips the test where there are none.</summary>
    public static HfGolden Require(string name) => new(name);

    /// <summary>Fails where the folder has a decoder that the names do not have, or the other way round.</summary>
    public static void RequireAllNamed()
    {
        string root = Shared.Require("fixtures", "hf-models");
        string[] folders = [.. Directory.GetDirectories(root).Where(d => File.Exists(Path.Combine(d, "generation_config.json"))).Select(d => Path.GetFileName(d)!)];
        Assert.Equal(Names, folders.Order(StringComparer.Ordinal));
        Assert.Equal(NamesOfOld, folders.Where(f => File.Exists(Path.Combine(root, f, OldConfig))).Order(StringComparer.Ordinal));
    }

    /// <summary>A copy of the folder with the older spelling in place of the new one.</summary>
    public string CopyWithOldConfig()
    {
        string copy = Directory.CreateTempSubdirectory("tessera-hf-").FullName;
        foreach (string file in Directory.GetFiles(Folder).Where(f => Path.GetFileName(f) is not (NewConfig or OldConfig)))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        File.Copy(Path.Combine(Folder, OldConfig), Path.Combine(copy, NewConfig));
        return copy;
    }

    public static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];
}

/// <summary>One recorded sequence.</summary>
/// <param name="Tokens">The whole input.</param>
/// <param name="Positions">The positions that are recorded.</param>
/// <param name="Logits">The logits at each.</param>
internal sealed record HfSequence(int[] Tokens, int[] Positions, double[][] Logits);
