namespace Tessera.Format.Gguf.Tests;

/// <summary>Files of other writers, as their READMEs describe them.</summary>
public sealed class GgufFixtureTests
{
    private delegate void Check(ModelSource model);

    [Fact]
    public void Every_tiny_model_opens_with_the_metadata_of_its_readme()
    {
        Dictionary<string, Check> checks = new()
        {
            ["gemma2"] = m =>
            {
                Is(m, "gemma2", 512, layers: 26, width: 32, RopePairing.Halves);
                Assert.Equal((16, 5f, 16), (m.Metadata.Attention.SlidingWindow, m.Metadata.Attention.LogitSoftCap, m.Metadata.Attention.KeyLength));
                Assert.Equal(10, m.Metadata.Extra["final_logit_softcapping"]);
                Assert.False(m.Metadata.NormWeightsAreOffsets);
            },
            ["llama3_rope_freqs"] = m =>
            {
                Is(m, "llama", 512, layers: 2, width: 64, RopePairing.Interleaved);
                Assert.Equal(RopeScaling.None, m.Metadata.Rope.Scaling);
                Assert.Equal("f32", Assert.Single(m.Tensors, t => t.Name == "rope_freqs.weight").Quantization);
            },
            ["llama_gqa"] = m =>
            {
                Is(m, "llama", 512, layers: 2, width: 64, RopePairing.Interleaved);
                Assert.True(m.Metadata.Attention.KeyValueHeadCount < m.Metadata.Attention.HeadCount);
            },
            ["llama_mixed_quants_1"] = m => Assert.True(m.Tensors.Select(t => t.Quantization).Distinct().Count() > 10),
            ["llama_mixed_quants_2"] = m => Assert.True(m.Tensors.Select(t => t.Quantization).Distinct().Count() > 10),
            ["llama_moe"] = m =>
            {
                Is(m, "llama", 512, layers: 2, width: 64, RopePairing.Interleaved);
                Assert.Equal((4, 2), (m.Metadata.Extra["expert_count"], m.Metadata.Extra["expert_used_count"]));
                Assert.Equal([4, 96, 64], Assert.Single(m.Tensors, t => t.Name == "blk.0.ffn_gate_exps.weight").Shape);
            },
            ["llama_q4_0"] = m =>
            {
                Assert.Equal(["f32", "q4_0", "q8_0"], m.Tensors.Select(t => t.Quantization).Distinct().Order());
                Assert.Equal("q8_0", Assert.Single(m.Tensors, t => t.Name == "output.weight").Quantization);
            },
            ["llama_q4_k_m"] = m => Assert.Contains(m.Tensors, t => t.Quantization == "q4_k"),
            ["llama_q8_0"] = m => Assert.Equal(["f32", "q8_0"], m.Tensors.Select(t => t.Quantization).Distinct().Order()),
            ["llama_rope_linear"] = m => Assert.Equal((RopeScaling.Linear, 4f), (m.Metadata.Rope.Scaling, m.Metadata.Rope.Factor)),
            ["llama_rope_yarn"] = m => Assert.Equal((RopeScaling.Yarn, 4f, 128), (m.Metadata.Rope.Scaling, m.Metadata.Rope.Factor, m.Metadata.Rope.OriginalContextLength)),
            ["phi3"] = m =>
            {
                Is(m, "phi3", 512, layers: 2, width: 64, RopePairing.Halves);
                Assert.Equal((512, 1.190238f), (m.Metadata.Rope.OriginalContextLength, MathF.Round(m.Metadata.Rope.AttentionFactor, 6)));
            },
            ["qwen2"] = m =>
            {
                Is(m, "qwen2", 512, layers: 2, width: 64, RopePairing.Halves);
                Assert.DoesNotContain(m.Tensors, t => t.Name == "output.weight");
            },
            ["qwen3"] = m =>
            {
                Is(m, "qwen3", 512, layers: 2, width: 64, RopePairing.Halves);
                Assert.Equal(32, m.Metadata.Attention.KeyLength);
            },
        };
        ForEachFile(Shared.Require("fixtures", "tiny-models"), checks);
    }

    [Fact]
    public void Every_vocabulary_opens_with_the_tokens_of_its_readme()
    {
        Dictionary<string, Check> checks = new()
        {
            ["llama-spm"] = m => Is(m, "llama", "default", 32000),
            ["phi-3"] = m => Is(m, "llama", "default", 32064),
            ["gpt-2"] = m => Is(m, "gpt2", "gpt-2", 50257),
            ["deepseek-coder"] = m => Is(m, "gpt2", "deepseek-coder", 32256),
            ["starcoder"] = m => Is(m, "gpt2", "starcoder", 49152),
            ["deepseek-llm"] = m => Is(m, "gpt2", "deepseek-llm", 102400),
            ["bert-bge"] = m =>
            {
                Is(m, "bert", "bert-bge", 30522);
                Assert.Equal((100, 102, 0, 101, 103), (Id(SpecialToken.Unknown), Id(SpecialToken.Separator), Id(SpecialToken.Padding), Id(SpecialToken.Classification), Id(SpecialToken.Mask)));
                int Id(SpecialToken role) => m.Tokenizer!.Special[role];
            },
        };
        ForEachFile(Shared.Require("fixtures", "tokenizers-gguf"), checks);
    }

    [Fact]
    public void The_real_model_opens_with_the_metadata_of_its_readme()
    {
        using TestModelFiles files = TestModelFiles.OnDisk(Shared.Require("models", "smollm2-135m-instruct-q4_1.gguf"));
        ModelSource model = new GgufFormat().Open(files);
        ModelMetadata m = model.Metadata;
        Is(model, "llama", 49152, layers: 30, width: 576, RopePairing.Interleaved);
        Assert.Equal((1536, 8192, 1e-5f), (m.FeedForwardLength, m.ContextLength, m.NormEpsilon));
        Assert.Equal((9, 3), (m.Attention.HeadCount, m.Attention.KeyValueHeadCount));
        Assert.Equal((64, 100_000f), (m.Rope.Dimensions, m.Rope.Base));
        Assert.Equal(
            [("f32", 61), ("q4_1", 210), ("q8_0", 1)],
            model.Tensors.GroupBy(t => t.Quantization).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count())));
        Assert.DoesNotContain(model.Tensors, t => t.Name == "output.weight");
        Assert.Equal("[49152, 576]", Assert.Single(model.Tensors, t => t.Quantization == "q8_0").ShapeText);
        TokenizerAssets t = model.Tokenizer!;
        Is(model, "gpt2", "smollm", 49152);
        Assert.Equal((1, 2, 2, 0), (t.Special[SpecialToken.Bos], t.Special[SpecialToken.Eos], t.Special[SpecialToken.Padding], t.Special[SpecialToken.Unknown]));
        Assert.Equal((false, false), (t.AddBos, t.AddSpacePrefix));
        Assert.Equal(48900, t.Merges.Length);
        Assert.Contains("You are a helpful AI assistant named SmolLM", model.ChatTemplate, StringComparison.Ordinal);
        Assert.Equal("3", model.Properties["general.file_type"]);
    }

    private static void ForEachFile(string folder, Dictionary<string, Check> checks)
    {
        int count = 0;
        foreach (string path in Directory.EnumerateFiles(folder, "*.gguf"))
        {
            string name = Path.GetFileNameWithoutExtension(path);
            using TestModelFiles files = TestModelFiles.OnDisk(path);
            ModelSource model = new GgufFormat().Open(files);
            Assert.True(model.Metadata.Problems.Count == 0, $"{name}: {string.Join("; ", model.Metadata.Problems)}");
            Assert.True(checks.TryGetValue(name, out Check? check), $"{name}: no check for this file");
            Exception? error = Record.Exception(() => check(model));
            Assert.True(error is null, $"{name}: {error?.Message}");
            count++;
        }
        Assert.Equal(checks.Count, count);
    }

    private static void Is(ModelSource model, string architecture, int vocabulary, int layers, int width, RopePairing pairing)
    {
        ModelMetadata m = model.Metadata;
        Assert.Equal((architecture, vocabulary, layers, width, pairing), (m.Architecture, m.VocabularySize, m.LayerCount, m.EmbeddingLength, m.Rope.Pairing));
        Assert.Equal(vocabulary, model.Tokenizer!.Tokens.Length);
        Assert.Equal([vocabulary, width], Assert.Single(model.Tensors, t => t.Name == "token_embd.weight").Shape);
    }

    private static void Is(ModelSource model, string kind, string pre, int tokens)
    {
        TokenizerAssets t = model.Tokenizer!;
        Assert.Equal((kind, pre, tokens), (t.Model, t.PreTokenizer, t.Tokens.Length));
        Assert.Equal(tokens, t.Kinds.Length);
    }
}
