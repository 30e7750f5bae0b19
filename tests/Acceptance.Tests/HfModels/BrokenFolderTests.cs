using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Host.Configuration;
using Tessera.Host.Serving;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>Folders with something wrong, as their users meet them: <c>run</c> and <c>convert</c> end with one line that says what and where, <c>show</c> reports it, and a server says it of the model.</summary>
public sealed class BrokenFolderTests
{
    [Theory]
    [InlineData("shard cut short", 20, "model-00002-of-00003.safetensors", "bytes")]
    [InlineData("shard gone", 20, "model-00002-of-00003.safetensors")]
    [InlineData("index leads out", 38, "model.safetensors.index.json", "it names '../model-00001-of-00003.safetensors'", "not inside the model's folder")]
    [InlineData("index is no JSON", 0, "model.safetensors.index.json", "not valid JSON")]
    [InlineData("index is a list", 0, "model.safetensors.index.json", "expected an object, found an array")]
    [InlineData("config is no JSON", 39, "config.json", "not valid JSON")]
    [InlineData("config is empty", 39, "config.json", "the file is empty")]
    [InlineData("generation_config is empty", 39, "generation_config.json", "the file is empty")]
    public async Task Files_that_cannot_be_read_end_every_command_and_the_others_are_shown(string what, int tensors, params string[] named)
    {
        using TemporaryTree folder = Break(what);
        foreach (string[] command in (string[][])[["run", folder.Path, "-p", "hi"], ["show", folder.Path], ["convert", folder.Path, folder["out.gguf"]]])
        {
            (int code, string output, string errors) = await TesseraProcess.EndAsync(null, command);
            Assert.Equal(1, code);
            Check(errors, named);
            if (command[0] != "show")
                continue;
            Assert.Matches($@"(?m)^{tensors} tensors, \d+ bytes$", output);
            Assert.Matches(@"(?m)^runs +no$", output);
            Assert.Equal(tensors, output.Split('\n').Count(l => l.StartsWith("model.", StringComparison.Ordinal) || l.StartsWith("lm_head.", StringComparison.Ordinal) || l.StartsWith("token_embd.", StringComparison.Ordinal) || l.StartsWith("blk.", StringComparison.Ordinal) || l.StartsWith("output", StringComparison.Ordinal)));
            Assert.Equal(!what.StartsWith("config is", StringComparison.Ordinal), output.Contains("hidden_size = ", StringComparison.Ordinal));
        }
        Check(await ServedAsync(folder.Path), named);
    }

    [Fact]
    public async Task Token_types_that_the_model_lacks_are_the_requests_mistake()
    {
        using TemporaryTree folder = TemporaryTree.CopyOf(Shared.Require("fixtures", "hf-models", "bert_cross_encoder"));
        File.WriteAllText(folder["tokenizer.json"], File.ReadAllText(folder["tokenizer.json"]).Replace("\"type_id\": 1", "\"type_id\": 7", StringComparison.Ordinal));
        await using HostServer server = await StartAsync(folder.Path);
        using HttpClient client = new() { BaseAddress = new Uri(server.Urls[0]) };
        using StringContent body = new("""{"query": "a", "documents": ["b"]}""", null, "application/json");
        using HttpResponseMessage answer = await client.PostAsync("/v1/rerank", body, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, text);
        Assert.Contains("TokenTypes: type 7 is not in 0 to 1", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hidden_size is a text", "config.json: hidden_size: expected a whole number", "found the string \"64\"")]
    [InlineData("num_hidden_layers is huge", "config.json: num_hidden_layers: expected a whole number from 1 to 4096", "1e300")]
    [InlineData("rope_theta is a list", "config.json: rope_theta: expected a number", "found an array")]
    [InlineData("architectures is a text", "config.json: architectures: expected an array", "found the string \"LlamaForCausalLM\"")]
    [InlineData("a layer too many", "9 tensors are not as they should be", "'model.layers.4.mlp.up_proj.weight' is missing")]
    public async Task What_is_wrong_with_the_model_is_an_error_and_a_report(string what, params string[] named)
    {
        using TemporaryTree folder = Break(what);
        string shown = await TesseraProcess.RunAsync(null, "show", folder.Path);
        Assert.Matches(@"(?m)^runs +no$", shown);
        string missing = string.Join('\n', shown.Split('\n').Where(l => l.StartsWith("missing ", StringComparison.Ordinal)));
        Assert.All(named, n => Assert.Contains(n, missing, StringComparison.Ordinal));
        foreach (string[] command in (string[][])[["run", folder.Path, "-p", "hi"], ["convert", folder.Path, folder["out.gguf"]]])
        {
            (int code, _, string errors) = await TesseraProcess.EndAsync(null, command);
            Assert.Equal(1, code);
            Check(errors, named);
        }
        Check(await ServedAsync(folder.Path), named);
    }

    [Fact]
    public async Task Without_a_tokenizer_ids_are_answered_and_texts_refused()
    {
        using TemporaryTree folder = Break("tokenizer gone");
        (int code, _, string errors) = await TesseraProcess.EndAsync(null, "run", folder.Path, "-p", "hi");
        Assert.Equal(1, code);
        Check(errors, "hold no tokenizer");
        Assert.Single(await TesseraProcess.AskAsync(["""{"tokens": [1, 2], "greedy": 2}"""], "logits", folder.Path));
        Assert.Matches(@"(?m)^missing +tokenizer: the files hold none", await TesseraProcess.RunAsync(null, "show", folder.Path));
    }

    [Fact]
    public async Task Of_a_named_list_of_templates_the_right_one_is_taken()
    {
        using TemporaryTree folder = Break("two templates");
        string rendered = await TesseraProcess.RunAsync("""
            {"messages": [{"role": "user", "content": "hi"}]}
            {"messages": [{"role": "user", "content": "hi"}], "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}
            """, "template", folder.Path);
        Assert.Equal("{\"text\":\"plain hi\"}\n{\"text\":\"tools hi\"}\n", rendered);
    }

    /// <summary>What a server says of the folder's model.</summary>
    private static async Task<string> ServedAsync(string folder)
    {
        await using HostServer server = await StartAsync(folder);
        using HttpClient client = new() { BaseAddress = new Uri(server.Urls[0]) };
        using HttpResponseMessage ready = await client.GetAsync("/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        JsonElement models = JsonElement.Parse(await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("models");
        string state = Assert.Single(models.EnumerateObject()).Value.GetString()!;
        Assert.StartsWith("failed: ", state, StringComparison.Ordinal);
        return state;
    }

    private static async Task<HostServer> StartAsync(string folder)
    {
        HostConfiguration configuration = new ConfigurationLoader { WorkingFolder = HostFolder.Path, ExecutableFolder = HostFolder.Path, Environment = new Dictionary<string, string>(), RequireModelFiles = false }.Load();
        configuration = configuration.WithModel(folder, HostFolder.Path) with { Server = configuration.Server with { Urls = ["http://127.0.0.1:0"] }, Admin = configuration.Admin with { Urls = [] } };
        configuration = configuration with { Models = configuration.Models with { List = [.. configuration.Models.List.Where(m => m.Name == configuration.Models.Default)] } };
        HostServer server = await HostServer.StartAsync(configuration, HostFolder.Path, LogLevel.Critical);
        await server.Loading;
        return server;
    }

    private static void Check(string errors, params string[] named)
    {
        Assert.All(named, n => Assert.Contains(n, errors, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
    }

    private static TemporaryTree Break(string what)
    {
        const string Shard = "model-00002-of-00003.safetensors", Index = "model.safetensors.index.json", Config = "config.json";
        TemporaryTree folder = TemporaryTree.CopyOf(HfGolden.Require("llama_sharded").Folder);
        switch (what)
        {
            case "shard cut short":
                using (FileStream file = File.OpenWrite(folder[Shard]))
                    file.SetLength(file.Length - 100);
                break;
            case "shard gone":
                File.Delete(folder[Shard]);
                break;
            case "index leads out":
                Change(Index, json => json["weight_map"]!["model.norm.weight"] = "../model-00001-of-00003.safetensors");
                break;
            case "index is no JSON":
                File.WriteAllText(folder[Index], "{");
                break;
            case "index is a list":
                File.WriteAllText(folder[Index], "[]");
                break;
            case "config is no JSON":
                File.WriteAllText(folder[Config], "{\"hidden_size\": 0x40}");
                break;
            case "config is empty":
                File.WriteAllText(folder[Config], "");
                break;
            case "generation_config is empty":
                File.WriteAllText(folder["generation_config.json"], "");
                break;
            case "hidden_size is a text":
                Change(Config, json => json["hidden_size"] = "64");
                break;
            case "num_hidden_layers is huge":
                Change(Config, json => json["num_hidden_layers"] = JsonNode.Parse("1e300"));
                break;
            case "rope_theta is a list":
                Change(Config, json => json["rope_theta"] = new JsonArray(1));
                break;
            case "architectures is a text":
                Change(Config, json => json["architectures"] = "LlamaForCausalLM");
                break;
            case "a layer too many":
                Change(Config, json => json["num_hidden_layers"] = json["num_hidden_layers"]!.GetValue<int>() + 1);
                break;
            case "tokenizer gone":
                File.Delete(folder["tokenizer.json"]);
                break;
            case "two templates":
                Change("tokenizer_config.json", json => json["chat_template"] = JsonNode.Parse("""[{"name": "tool_use", "template": "tools {{ messages[0].content }}"}, {"name": "default", "template": "plain {{ messages[0].content }}"}]"""));
                break;
            default:
                throw new ArgumentException($"{what}: not known", nameof(what));
        }
        return folder;

        void Change(string name, Action<JsonNode> change)
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(folder[name]))!;
            change(json);
            File.WriteAllText(folder[name], json.ToJsonString());
        }
    }
}
