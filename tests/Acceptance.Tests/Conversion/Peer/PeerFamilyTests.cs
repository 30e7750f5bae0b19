using System.Text.Json.Nodes;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Format.Safetensors.Tests.Families;
using Tessera.TestSupport.Families;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>The peer reads the file of every family's folder: the names and keys that its loader wants, and the same probabilities.</summary>
public sealed class PeerFamilyTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Context = 64, Continued = 2;

    // Longer than the windows; all families' contexts hold it and what follows.
    private static readonly int[] Prompt = [3, 17, 25, 8, 38, 0, 12, 17, 30, 21, 5, 17, 36, 9];

    // A note says what the peer does not read of these, and without it they are other models or none.
    private static readonly Dictionary<string, (string Note, bool Loads)> Others = new()
    {
        ["qwen3 moe, dense layer"] = ("has no experts", false),
        ["command-r+"] = ("norms of queries and keys", false),
        ["deepseek v2 lite"] = ("queries without a latent", false),
        ["deepseek v2"] = ("by their best one", true),
        ["gpt-oss, joined by MLX"] = ("YaRN's ramp", true),
        ["gpt-oss, not quantized"] = ("YaRN's ramp", true),
    };

    public static TheoryData<string> Names => [.. HfCases.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task It_continues_as_we_do(string name)
    {
        PeerServer.Require();
        using TemporaryTree folder = new();
        foreach ((string file, byte[] bytes) in HfCases.All.Single(c => c.Name == name).ToFolder())
            File.WriteAllBytes(folder[file], bytes);
        WriteTokenizer(folder);
        using TemporaryFile converted = new();
        WritePlan plan = stack.Convert(folder.Path, converted.Path, "F32");
        if (Others.TryGetValue(name, out (string Note, bool Loads) other))
        {
            Assert.Contains(plan.Notes, n => n.Contains(other.Note, StringComparison.Ordinal));
            if (other.Loads)
                await (await PeerServer.StartAsync(converted.Path, Context)).DisposeAsync();
            return;
        }
        // A window that the peer's loader does not know hides nothing up to its length.
        bool isShort = plan.Notes.Any(n => n.Contains("sliding window", StringComparison.Ordinal));
        int most = isShort ? TinyFamilies.Window : Context, prompt = isShort ? TinyFamilies.Window - Continued : Prompt.Length;
        PeerComparison comparison = new(stack) { Context = most, Tokens = isShort ? Continued : 24 };
        await comparison.RunAsync(converted.Path, converted.Path, "F32", ["abba"], [], [Prompt[..prompt]], isTrained: false);
    }

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
