using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Host.Configuration;
using Tessera.Host.Serving;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>A folder where a file may stand: on the command line and as a served model.</summary>
public sealed class HfFolderTests
{
    [Fact]
    public async Task Run_answers_from_a_folder()
    {
        HfGolden golden = HfGolden.Require("gemma2");
        JsonElement it = golden.Conversations.Single(c => c.GetProperty("kind").GetString() == "single");
        string prompt = it.GetProperty("messages")[0].GetProperty("content").GetString()!;
        string output = await TesseraProcess.RunAsync(null, "run", golden.Folder, "--prompt", prompt, "--temperature", "0", "--max-tokens", "16");
        Assert.Equal(it.GetProperty("completion_text_skip_special").GetString(), output.TrimEnd('\n'));
    }

    [Fact]
    public async Task Run_says_what_a_folder_lacks_and_what_follows()
    {
        HfGolden golden = HfGolden.Require("llama3");
        using TemporaryTree bare = TemporaryTree.CopyOf(golden.Folder);
        foreach (string name in new[] { "tokenizer_config.json", "chat_template.jinja", "chat_template.json" })
            File.Delete(bare[name]);
        string[] arguments = ["--prompt", "hi", "--max-tokens", "1", "--temperature", "0"];
        (_, string errors) = await TesseraProcess.OutputsAsync(null, ["run", bare.Path, .. arguments]);
        Assert.Contains("warning: tokenizer_config.json is missing", errors, StringComparison.Ordinal);
        Assert.Contains("warning: the model has no chat template", errors, StringComparison.Ordinal);
        (_, string rawErrors) = await TesseraProcess.OutputsAsync(null, ["run", bare.Path, "--raw", .. arguments]);
        Assert.DoesNotContain("chat template", rawErrors, StringComparison.Ordinal);
        (_, string whole) = await TesseraProcess.OutputsAsync(null, ["run", golden.Folder, .. arguments]);
        Assert.DoesNotContain("warning", whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_says_that_a_folder_runs_and_writes_a_tensor_by_either_name()
    {
        HfGolden golden = HfGolden.Require("qwen3_moe");
        string shown = await TesseraProcess.RunAsync(null, "show", golden.Folder);
        Assert.Matches(@"(?m)^runs\s+yes$", shown);
        Assert.Matches(@"(?m)^format\s+safetensors \(format\.safetensors", shown);
        Assert.Matches(@"(?m)^num_experts = 8$", shown);
        string output = Path.Combine(Directory.CreateTempSubdirectory("tessera-hf-").FullName, "f32.bin");
        try
        {
            List<byte[]> written = [];
            foreach (string name in new[] { "model.layers.0.mlp.experts.3.up_proj.weight", "blk.0.ffn_up_exps.weight" })
            {
                await TesseraProcess.RunAsync(null, "show", golden.Folder, "--tensor", name, "--out", output);
                written.Add(await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken));
            }
            const int Bytes = 24 * 64 * sizeof(float);
            Assert.Equal([Bytes, 8 * Bytes], written.Select(w => w.Length));
            Assert.Equal(written[0], written[1][(3 * Bytes)..(4 * Bytes)]);
            Assert.Contains(written[0], b => b != 0);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(output)!, recursive: true);
        }
    }

    [Theory]
    [InlineData("gptq_qwen2_4bit_g64_descact", "gptq, 14 modules", "blk.0.attn_q.weight +gptq4", "4 bits, group 64, .*; own kernel .* in the order of the groups")]
    [InlineData("awq_qwen2_4bit_g128", "awq, 14 modules", "blk.1.ffn_down.weight +awq4", "4 bits, group 128, .*; own kernel ")]
    [InlineData("mlx_llama_mixed_tied", "mlx, 14 modules", "token_embd.weight +mlx_affine8", "8 bits, group 32, .*; rows dequantized for the embedding of tokens; unpacked to bytes by its plugin, ")]
    [InlineData("ct_w4a16_g32_asym_qwen2", "compressed-tensors, 14 modules", "blk.0.attn_output.weight +ct_packed4", "4 bits, group 32, .*; own kernel ")]
    [InlineData("bnb_nf4_llama", "bitsandbytes, 14 modules", "blk.0.ffn_up.weight +bnb_nf4", "4 bits, block 64, .*; row dot of its plugin \\((avx2|scalar), activations float32\\), weights read as they are stored")]
    [InlineData("fp8_block_qwen3", "fp8, 14 modules", "blk.0.attn_k.weight +f8_e4m3", "8 bits, .*scale_rows 128, scale_columns 128; row dot of its plugin \\((avx512 with vbmi|avx2|scalar), activations float32\\), weights read as they are stored")]
    [InlineData("ct_nvfp4_llama", "compressed-tensors, 14 modules", "blk.0.ffn_up.weight +nv_fp4", "4 bits, group 16; unpacked to bytes by its plugin, generic integer dot \\((avx2|vector128)")]
    [InlineData("bnb_int8_qwen2", "bitsandbytes, 14 modules", "blk.0.ffn_up.weight +bnb_int8", "8 bits, .*; dequantized by rows, float32 dot \\(.*\\); fallback: no kernel of its own, and its plugin offers no row dot, and unpacks no such columns or groups")]
    [InlineData("mxfp4_gptoss", "mxfp4, 4 modules", "blk.1.ffn_down_exps.weight +mx_fp4", "4 bits, group 32; own kernel ")]
    public async Task Show_says_how_each_layer_is_quantized_and_which_kernel_it_gets(string name, string scheme, string weight, string how)
    {
        string shown = await TesseraProcess.RunAsync(null, "show", Shared.Require("fixtures", "quantized-hf", name));
        Assert.Contains($"quantization scheme = {scheme}\n", shown, StringComparison.Ordinal);
        Assert.Matches($"(?m)^{weight} +\\[.*\\] +[0-9]+ +{how}", shown);
        Assert.Equal(how.Contains("fallback", StringComparison.Ordinal), shown.Contains("fallback", StringComparison.Ordinal));
        Assert.Matches(@"(?m)^blk\.0\.attn_norm\.weight +(bf16|f16|f32) +\[[0-9]+\] +[0-9]+ +(16|32) bits$", shown);
    }

    [Fact]
    public async Task A_served_folder_answers_the_recorded_conversations_and_stops_at_its_end_tokens()
    {
        HfGolden golden = HfGolden.Require("qwen3");
        HostConfiguration configuration = new ConfigurationLoader { WorkingFolder = HostFolder.Path, ExecutableFolder = HostFolder.Path, Environment = new Dictionary<string, string>(), RequireModelFiles = false }.Load();
        configuration = configuration.WithModel(golden.Folder, HostFolder.Path) with { Server = configuration.Server with { Urls = ["http://127.0.0.1:0"] }, Admin = configuration.Admin with { Urls = [] } };
        configuration = configuration with { Models = configuration.Models with { List = [.. configuration.Models.List.Where(m => m.Name == configuration.Models.Default)] } };
        await using HostServer server = await HostServer.StartAsync(configuration, HostFolder.Path, LogLevel.Critical);
        await server.Loading;
        using HttpClient client = new() { BaseAddress = new Uri(server.Urls[0]) };
        int stopped = 0;
        foreach (JsonElement it in golden.Conversations)
        {
            JsonObject body = new()
            {
                ["messages"] = JsonNode.Parse(it.GetProperty("messages").GetRawText()),
                ["chat_template_kwargs"] = JsonNode.Parse(it.GetProperty("kwargs").GetRawText()),
                ["add_generation_prompt"] = it.GetProperty("add_generation_prompt").GetBoolean(),
                ["temperature"] = 0,
                ["max_tokens"] = 16,
                // generation_config.json asks for none; a request's own value wins over what it does ask for.
                ["top_k"] = 0,
            };
            using HttpResponseMessage response = await client.PostAsJsonAsync("/v1/chat/completions", body, TestContext.Current.CancellationToken);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode, text);
            JsonElement answer = JsonElement.Parse(text).GetProperty("choices")[0];
            bool ends = it.GetProperty("first_eos").ValueKind == JsonValueKind.Number;
            stopped += ends ? 1 : 0;
            Assert.Equal(ends ? "stop" : "length", answer.GetProperty("finish_reason").GetString());
            string content = answer.GetProperty("message").GetProperty("content").GetString()!;
            // The only one that ends does so with its first token.
            Assert.Equal(ends ? "" : it.GetProperty("completion_text_skip_special").GetString(), content);
            Assert.Equal(it.GetProperty("ids").GetArrayLength(), JsonElement.Parse(text).GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        }
        Assert.Equal(1, stopped);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{golden.Conversations.Count} conversations, {stopped} of them ended"));
    }
}
