using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera show</c> of Hugging Face folders that would not run: all that is missing, at once.</summary>
public sealed class ShowFolderTests : IDisposable
{
    private const string UnknownTokenizer = """
        {"version": "1.0", "added_tokens": [], "normalizer": {"type": "Runic"}, "pre_tokenizer": {"type": "Staves"}, "post_processor": null, "decoder": {"type": "Chisel"},
        "model": {"type": "WordLevel", "unk_token": "a", "vocab": {"a": 0}}}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public ShowFolderTests() => _config = _folder.Write("host.yaml", TestServer.Yaml(_folder.Write("chain.gguf", ChainModel.Bytes()))
        .Replace("[format.gguf,", "[format.gguf, format.safetensors, tokenizer.hf, quant.numbers,", StringComparison.Ordinal));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_unknown_class_scheme_and_tokenizer_are_reported_together()
    {
        string output = await ShowAsync("""{"architectures": ["NeverForCausalLM"], "quantization_config": {"quant_method": "never-bits"}}""", new SafetensorsWriter()
            .Add("model.layers.0.self_attn.q_proj.qweight", "I32", [2, 2], new byte[16]).ToBytes());
        Assert.Matches(@"(?m)^runs +no\s*$", output);
        Assert.Matches(@"(?m)^missing +metadata: .*quantization method 'never-bits' is not available .*there are: .*gptq", output);
        Assert.Matches(@"(?m)^missing +metadata: .*architectures: expected one of .*LlamaForCausalLM.*, found 'NeverForCausalLM'\s*$", output);
        Assert.Matches(@"(?m)^missing +tokenizer: .*the normalizer 'Runic' is not known; .*the pre-tokenizer 'Staves' is not known; .*the decoder 'Chisel' is not known\s*$", output);
        Assert.Matches(@"(?m)^model\.layers\.0\.self_attn\.q_proj\.qweight +i32 ", output);
        Assert.DoesNotContain("architecture ''", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_rotation_and_nonlinearity_and_missing_tensors_are_reported_together()
    {
        string output = await ShowAsync("""
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 4, "tie_word_embeddings": true,
            "hidden_act": "swoosh", "rope_parameters": {"rope_type": "spiral", "rope_theta": 10000}}
            """, new SafetensorsWriter().Add("model.embed_tokens.weight", [4, 8], new float[32]).Add("model.norm.weight", [8], new float[8]).ToBytes());
        Assert.Matches(@"(?m)^missing +metadata: .*hidden_act: expected silu, found 'swoosh'", output);
        Assert.Matches(@"(?m)^missing +metadata: .*rope_type: expected .*, found 'spiral'\s*$", output);
        Assert.Matches(@"(?m)^missing +metadata: 9 tensors are not as they should be: .*'model\.layers\.0\.input_layernorm\.weight' is missing; .*'model\.layers\.0\.mlp\.down_proj\.weight' is missing\s*$", output);
    }

    [Fact]
    public async Task Missing_tensors_of_quantized_modules_are_told_by_the_scheme_and_others_by_name()
    {
        SafetensorsWriter weights = new SafetensorsWriter().Add("model.embed_tokens.weight", [4, 8], new float[32]);
        foreach (string module in (string[])["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"])
            weights.Add($"model.layers.0.{module}.codes", "U8", [8, 8], new byte[64]);
        string output = await ShowAsync("""
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 4, "tie_word_embeddings": true,
            "quantization_config": {"quant_method": "never-bits"}}
            """, weights.ToBytes());
        Assert.Matches(@"(?m)^missing +metadata: .*'never-bits' is not available", output);
        Assert.Matches(@"(?m)^missing +metadata: 3 tensors are not as they should be: .*'model\.norm\.weight' is missing; .*'model\.layers\.0\.input_layernorm\.weight' is missing; .*'model\.layers\.0\.post_attention_layernorm\.weight' is missing\s*$", output);
    }

    [Fact]
    public async Task A_folder_without_safetensors_is_reported()
    {
        string folder = Path.GetDirectoryName(_folder.Write("other/config.json", """{"architectures": ["LlamaForCausalLM"]}"""))!;
        Finished show = await TesseraProcess.RunAsync("show", folder, "--config", _config);
        Assert.True(show.Code == 0, $"{show}");
        Assert.Matches(@"^runs +no\r?\nmissing +safetensors: 'other': there is no model\.safetensors", show.Output);
        Finished run = await TesseraProcess.RunAsync("run", folder, "-p", "hi", "--config", _config);
        Assert.Equal((1, ""), (run.Code, run.Output));
    }

    private async Task<string> ShowAsync(string config, byte[] weights)
    {
        _folder.Write("model/model.safetensors", weights);
        _folder.Write("model/tokenizer.json", UnknownTokenizer);
        Finished show = await TesseraProcess.RunAsync("show", Path.GetDirectoryName(_folder.Write("model/config.json", config))!, "--config", _config);
        Assert.True(show.Code == 0, $"{show}");
        return show.Output;
    }
}
