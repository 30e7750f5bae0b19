using Tessera.Acceptance.Tests.Stack;
using Tessera.Host.Models;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>Hugging Face folders as GGUF files: the same logits, the same tokens (../shared/fixtures/hf-models/README.md).</summary>
public sealed class FolderConversionTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    /// <summary>Decoders, and how many of their texts llama.cpp's way of tokenizing treats otherwise: what NFC changes, spaces at a text's start.</summary>
    private static readonly Dictionary<string, int> Folders = new()
    {
        ["gemma2"] = 0, ["gemma3_text"] = 0, ["gpt_oss"] = 0, ["llama2_bias"] = 0, ["llama3"] = 0, ["llama_sharded"] = 0, ["mistral"] = 2, ["mixtral"] = 0,
        ["phi3"] = 0, ["qwen2"] = 1, ["qwen2_yarn"] = 1, ["qwen3"] = 1, ["qwen3_moe"] = 1,
    };

    /// <summary>
    /// Kinds of files, and the greatest error of their logits, relative to the logits' size: a quarter above what was measured once on this model,
    /// whose rows of 64 and peaked attention take rounding badly. The files' bytes are those of llama.cpp's quantizer.
    /// </summary>
    private static readonly Dictionary<string, double> Errors = new()
    {
        ["F16"] = 1e-5, ["Q8_0"] = 0.036, ["Q6_K"] = 0.036, ["Q5_K_M"] = 0.17, ["Q4_K_M"] = 0.21, ["Q4_K_S"] = 0.21, ["Q4_0"] = 0.43,
    };

    // BF16 values of ordinary size are F16 values too; of fewer bits something must be lost.
    private const double Least = 1e-3;

    public static TheoryData<string> Names => [.. Folders.Keys];

    public static TheoryData<string> Types => [.. Errors.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_file_has_the_folders_logits(string name)
    {
        FolderGolden golden = FolderGolden.Require(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Path, file.Path, null);
        double largest = 0;
        List<float[]> rows = stack.Logits(file.Path, golden);
        foreach (((_, _, float[] expected), float[] found) in golden.Rows.Zip(rows))
            largest = Math.Max(largest, expected.Zip(found, (e, f) => Math.Abs((double)e - f)).Max());
        // Mistral's file ends with the window, which its keys cannot say: after one token, and after each of seven.
        Assert.Equal(name == "mistral" ? 8 : 10, rows.Count);
        FixtureCount.Print($"hf-models/{name}", $"{rows.Count} rows of logits of the converted file, {largest:E2} of {golden.Tolerance:E2}");
        Assert.InRange(largest, 0, golden.Tolerance);
    }

    [Theory, MemberData(nameof(Names))]
    public void A_file_has_the_folders_tokens(string name)
    {
        FolderGolden golden = FolderGolden.Require(name);
        using TemporaryFile file = new();
        stack.Convert(golden.Path, file.Path, null);
        using OpenModel open = OpenModel.Open(file.Path, stack.Host.Plugins, mmap: true);
        ITokenizer tokenizer = open.CreateTokenizer();
        List<string> differ = [];
        foreach ((string text, int[] ids, int[] withSpecial) in golden.Texts)
            if (!Encode(tokenizer, text, false).SequenceEqual(ids) || !Encode(tokenizer, text, true).SequenceEqual(withSpecial))
                differ.Add(text);
        FixtureCount.Print($"hf-models/{name}", $"{golden.Texts.Count()} texts with the converted file's tokenizer, {differ.Count} of them otherwise");
        Assert.True(differ.Count == Folders[name], string.Join(" | ", differ));
    }

    [Theory, MemberData(nameof(Types))]
    public void A_kind_of_file_is_as_near_as_its_bits_allow(string type)
    {
        FolderGolden golden = FolderGolden.Require("llama3");
        using TemporaryFile file = new();
        WritePlan plan = stack.Convert(golden.Path, file.Path, type);
        double error = 0, size = 0;
        foreach (((_, _, float[] expected), float[] found) in golden.Rows.Zip(stack.Logits(file.Path, golden)))
            for (int i = 0; i < expected.Length; i++)
                (error, size) = (error + Math.Pow((double)expected[i] - found[i], 2), size + Math.Pow(expected[i], 2));
        error = Math.Sqrt(error / size);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: {error:E2}; {string.Join("; ", plan.Notes)}");
        Assert.InRange(error, type == "F16" ? 0 : Least, Errors[type]);
        Assert.Equal(new FileInfo(file.Path).Length, plan.Length);
    }

    [Fact]
    public void Quantizing_the_converted_file_gives_the_bytes_of_converting_to_the_type()
    {
        FolderGolden golden = FolderGolden.Require("llama_sharded");
        using TemporaryFile stored = new(), twice = new(), once = new();
        stack.Convert(golden.Path, stored.Path, null);
        stack.Convert(stored.Path, twice.Path, "Q4_K_M");
        stack.Convert(golden.Path, once.Path, "Q4_K_M");
        Assert.True(File.ReadAllBytes(twice.Path).AsSpan().SequenceEqual(File.ReadAllBytes(once.Path)));
    }

    private static List<int> Encode(ITokenizer tokenizer, string text, bool special)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = special, ParseSpecial = true }, ids);
        return ids;
    }
}
