using System.Text.Json;
using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families;

/// <summary>
/// The conventions of GGUF (names, defaults, pairing) as the peer has them: <c>peer-logits.jsonl</c> holds the logits that llama.cpp v0.5.0 (ggml 0.25.1) gives for the tiny models' files and
/// <see cref="FamilyRun.Tokens"/>, on the CPU with one thread, flash attention off and K and V in F32. It knows no window for Llama, StarCoder2 and Phi-3: of those models, positions within the window are recorded. Its context was 256 tokens, and 1024 for phi3-long.
/// It knows no dynamic NTK, no dense layers in Qwen3-MoE and no query projection without a short row but in models of 26 or 27 layers; it rounds the ramp of gpt-oss, and judges all groups by two experts.
/// </summary>
public sealed class PeerTests
{
    // The peer computes GELU through a table of 16-bit floats.
    private const double Tolerance = 1e-4, GeluTolerance = 2e-2;

    // The peer has no such architecture, or other conditions for its tensors (see command-r-plus-64); chatglm is not recorded.
    private static readonly string[] Unknown = ["chatglm", "mistral", "command-r-plus", "llama-dynamic", "qwen3moe-dense", "gpt-oss-yarn", "deepseek2-lite", "deepseek2"];

    [Fact]
    public void Logits_are_those_of_the_peer()
    {
        List<string> wrong = [], seen = [];
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Families", "peer-logits.jsonl")))
        {
            JsonElement golden = JsonElement.Parse(line);
            string name = golden.GetProperty("model").GetString()!;
            using FamilyRun run = new(TinyFamilies.Find(name));
            float[][] logits = run.Logits();
            int[] positions = [.. golden.GetProperty("positions").EnumerateArray().Select(v => v.GetInt32())];
            double[][] expected = [.. golden.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())];
            double difference = FamilyRun.Difference([.. positions.Select(p => logits[p])], expected);
            bool hasGelu = run.Graph.Nodes.Any(n => n is ActivationNode { Activation: Activation.GeluTanh } or GatedActivationNode { Activation: Activation.GeluTanh });
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {difference:g2}");
            seen.Add(name);
            if (!(difference <= (hasGelu ? GeluTolerance : Tolerance)))
                wrong.Add($"{name}: {difference:g3}");
        }
        Assert.True(wrong.Count == 0, string.Join("; ", wrong));
        Assert.Equal(TinyFamilies.All.Concat(TinyFamilies.Deep).Concat(TinyMixtures.All).Concat(TinyMixtures.Deep).Select(f => f.Name).Except(Unknown).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }
}
