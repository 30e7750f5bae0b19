using System.Globalization;
using Tessera.Format.Gguf.Writing;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>The types of tensors in each kind of file, as llama.cpp's own quantizer (2026-09-28) gave them to the same models: 80 layers and few key heads, 8 experts, and fused attention.</summary>
public sealed class MixTests
{
    private const int Lines = 51;

    public static TheoryData<string> Recorded { get; } = [.. ReadLines()];

    [Fact]
    public void Every_kind_of_file_with_rules_is_recorded_for_each_model()
    {
        Assert.Equal(Lines, Recorded.Count);
        Assert.Equal(
            new GgufWeightWriter().FileTypes.Except(["F32", "F16", "BF16"]).Order(StringComparer.Ordinal),
            ReadLines().Select(l => l.Split(' ')[5]).Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Every_tensor_has_the_recorded_type(string line)
    {
        string[] words = line.Split(' ');
        int[] numbers = [.. words[..5].Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        (int layers, int experts) = (numbers[0], numbers[1]);
        using WrittenModel model = new()
        {
            Layers = layers,
            Type = "f32",
            Attention = new AttentionMetadata { HeadCount = numbers[2], KeyValueHeadCount = numbers[3], KeyLength = 2, ValueLength = 2 },
            Rope = new RopeMetadata { Pairing = RopePairing.Interleaved },
            Extra = experts > 0 ? new() { ["expert_count"] = experts, ["expert_used_count"] = 2 } : [],
        };
        using TestModelFiles files = new(("model", new byte[64]));
        WritePlan plan = new GgufWeightWriter().Plan(model.Source(Tensors(layers, experts, fused: numbers[4] != 0)), files, words[5]);
        Dictionary<string, string> found = plan.Tensors.Where(t => t.Shape.Length > 1).ToDictionary(t => t.Name, t => t.Quantization);
        Dictionary<string, string> expected = [];
        foreach (string word in words[6..])
        {
            string[] parts = word.Split('=', '@');
            foreach (string name in parts.Length == 2 ? [$"{parts[0]}.weight"] : Layers(parts[2]).Select(l => $"blk.{l}.{parts[0]}.weight"))
                expected.Add(name, parts[1]);
        }
        Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal), found.OrderBy(e => e.Key, StringComparer.Ordinal));
    }

    private static IEnumerable<(string, long[])> Tensors(int layers, int experts, bool fused)
    {
        yield return ("token_embd.weight", [2, 256]);
        yield return ("output_norm.weight", [256]);
        if (layers % 2 == 0)
            yield return ("output.weight", [2, 256]);
        for (int i = 0; i < layers; i++)
        {
            foreach (string name in (string[])[.. fused ? (string[])["attn_qkv"] : ["attn_q", "attn_k", "attn_v"], "attn_output"])
                yield return ($"blk.{i}.{name}.weight", [name == "attn_qkv" ? 3 : 2, 256]);
            bool mixes = experts > 0 && i > 0;
            if (mixes)
                yield return ($"blk.{i}.ffn_gate_inp.weight", [2, 256]);
            foreach (string name in (string[])["gate", "up", "down"])
                if (mixes)
                {
                    yield return ($"blk.{i}.ffn_{name}_exps.weight", [2, 2, 256]);
                    yield return ($"blk.{i}.ffn_{name}_shexp.weight", [2, 256]);
                }
                else
                    yield return ($"blk.{i}.ffn_{name}.weight", [2, 256]);
        }
    }

    private static IEnumerable<int> Layers(string runs) => runs.Split(',').SelectMany(run =>
    {
        int[] ends = [.. run.Split('-').Select(e => int.Parse(e, CultureInfo.InvariantCulture))];
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
    });

    private static string[] ReadLines()
    {
        using StreamReader reader = new(typeof(MixTests).Assembly.GetManifestResourceStream("mixes.txt")!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
