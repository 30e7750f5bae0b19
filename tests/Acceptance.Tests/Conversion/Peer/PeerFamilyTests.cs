using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Format.Safetensors.Tests.Families;
using Tessera.TestSupport.Families;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads the file of every family's folder: the names and keys that its loader wants, and the same probabilities.</summary>
public sealed partial class PeerFamilyTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Context = 64, Continued = 2;

    // Longer than the windows; all families' contexts hold it and what follows.
    private static readonly int[] Prompt = [3, 17, 25, 8, 38, 0, 12, 17, 30, 21, 5, 17, 36, 9];

    // What it says of a file that lacks, or has one more than, the tensors that it takes.
    private const string Lacks = "' not found", TooMany = "wrong number of tensors";

    // A note says what the peer does not read of these, and without it they are other models, or none for the reason that it gives.
    private static readonly Dictionary<string, (string Note, string? Refusal)> Others = new()
    {
        ["qwen3 moe, dense layer"] = ("has no experts", Lacks),
        ["command-r+"] = ("norms of queries and keys", TooMany),
        ["deepseek v2 lite"] = ("queries without a latent", "key not found in model: deepseek2.attention.q_lora_rank"),
        ["deepseek v2"] = ("by their best one", null),
        ["gpt-oss, joined by MLX"] = ("YaRN's ramp", null),
        ["gpt-oss, not quantized"] = ("YaRN's ramp", null),
    };

    public static TheoryData<string> Names => [.. HfCases.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task It_continues_as_we_do(string name)
    {
        PeerServer.Require();
        using TemporaryFile converted = new();
        WritePlan plan = Convert(HfCases.All.Single(c => c.Name == name).ToFolder(), converted.Path);
        if (Others.TryGetValue(name, out (string Note, string? Refusal) other))
        {
            Assert.Contains(plan.Notes, n => n.Contains(other.Note, StringComparison.Ordinal));
            if (other.Refusal is { } refusal)
                Refuses(refusal, await PeerServer.RefusalAsync(converted.Path, Context));
            else
                await (await PeerServer.StartAsync(converted.Path, Context)).DisposeAsync();
            return;
        }
        // A window that the peer's loader does not know hides nothing up to its length.
        bool isShort = plan.Notes.Any(n => n.Contains("sliding window", StringComparison.Ordinal));
        int most = isShort ? TinyFamilies.Window : Context, prompt = isShort ? TinyFamilies.Window - Continued : Prompt.Length;
        PeerComparison comparison = new(stack) { Context = most, Tokens = isShort ? Continued : 24 };
        await comparison.RunAsync(converted.Path, converted.Path, "F32", ["abba"], [], [Prompt[..prompt]], isTrained: false);
    }

    /// <summary>Families that may have biases of attention in Transformers, and of whose output's the peer knows nothing. Others' are in the cases above.</summary>
    [Theory]
    [InlineData("qwen3"), InlineData("qwen3 moe"), InlineData("gemma"), InlineData("gemma2"), InlineData("gemma3"), InlineData("olmo2"), InlineData("command-r"), InlineData("cohere2"), InlineData("smollm3"), InlineData("deepseek v3")]
    public async Task It_refuses_biases_where_a_note_says_so(string name)
    {
        PeerServer.Require();
        (string Name, byte[] Bytes)[] files = [.. HfCases.All.Single(c => c.Name == name).ToFolder(config: c => c["attention_bias"] = true).Select(f => f.Name == "model.safetensors" ? (f.Name, WithBiases(f.Bytes)) : f)];
        using TemporaryFile converted = new();
        WritePlan plan = Convert(files, converted.Path);
        Assert.Contains(plan.Notes, n => n.Contains("bias': llama.cpp refuses", StringComparison.Ordinal));
        Refuses(TooMany, await PeerServer.RefusalAsync(converted.Path, Context));
    }

    private static void Refuses(string why, string said) => Assert.True(said.Contains(why, StringComparison.Ordinal), $"expected '{why}', found:\n{said}");

    private WritePlan Convert((string Name, byte[] Bytes)[] files, string path)
    {
        using TemporaryTree folder = new();
        foreach ((string file, byte[] bytes) in files)
            File.WriteAllBytes(folder[file], bytes);
        WriteTokenizer(folder);
        return stack.Convert(folder.Path, path, "F32");
    }

    // Biases of the projections that have one where the configuration says so.
    private static byte[] WithBiases(byte[] file)
    {
        int start = sizeof(long) + (int)BitConverter.ToInt64(file);
        JsonObject header = JsonNode.Parse(file.AsSpan(sizeof(long)..start))!.AsObject();
        List<byte> data = [.. file[start..]];
        foreach ((string name, JsonNode? tensor) in header.Where(t => Projection().IsMatch(t.Key)).ToArray())
        {
            int rows = tensor!["shape"]![0]!.GetValue<int>(), first = data.Count;
            data.AddRange(Enumerable.Range(0, rows).SelectMany(i => BitConverter.GetBytes(0.05f * (i % 7 - 3))));
            header[$"{name[..^".weight".Length]}.bias"] = new JsonObject { ["dtype"] = "F32", ["shape"] = new JsonArray(rows), ["data_offsets"] = new JsonArray(first, data.Count) };
        }
        return SafetensorsWriter.ToBytes(header.ToJsonString(), [.. data]);
    }

    [GeneratedRegex(@"\.self_attn\.([qkvo]_proj|q_a_proj|kv_a_proj_with_mqa)\.weight$")]
    private static partial Regex Projection();

    // Visible characters, one merge and an end.
    private static void WriteTokenizer(TemporaryTree folder)
    {
        JsonObject vocabulary = [.. Enumerable.Range(0, TinyFamily.Vocabulary - 2).Select(i => KeyValuePair.Create($"{(char)('@' + i)}", (JsonNode?)i)), KeyValuePair.Create("ab", (JsonNode?)(TinyFamily.Vocabulary - 2))];
        File.WriteAllText(folder["tokenizer.json"], $$$"""
            {"version": "1.0", "added_tokens": [{"id": {{{TinyFamily.Vocabulary - 1}}}, "content": "<end>", "special": true}], "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
            "post_processor": null, "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {{{vocabulary.ToJsonString()}}}, "merges": ["a b"]} }
            """);
        File.WriteAllText(folder["tokenizer_config.json"], """{"eos_token": "<end>"}""");
    }
}
