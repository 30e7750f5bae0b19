using Tessera.Engine.Tests.Families.Papers;
using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families;

/// <summary>Every family's graph against a forward pass written from its paper, and that each operation of it matters.</summary>
public sealed class FamilyTests
{
    // The interpreter's frequencies and logits are float32; all else is float64.
    private const double Tolerance = 1e-5;

    private static readonly Dictionary<string, Func<Paper, int[], double[][]>> Forward = new()
    {
        ["llama"] = LlamaLike.Llama,
        ["llama-window"] = LlamaLike.Mistral,
        ["mistral"] = LlamaLike.Mistral,
        ["qwen2"] = LlamaLike.Qwen2,
        ["qwen3"] = LlamaLike.Qwen3,
        ["phi2"] = LayerNormed.Phi2,
        ["starcoder2"] = (p, tokens) => LayerNormed.StarCoder2(p, tokens, int.MaxValue),
        ["starcoder2-window"] = (p, tokens) => LayerNormed.StarCoder2(p, tokens, TinyFamilies.Window),
        ["stablelm"] = LayerNormed.StableLm,
        ["stablelm2-12b"] = LayerNormed.StableLm12B,
        ["gemma"] = GemmaLike.Gemma,
        ["gemma2"] = (p, tokens) => GemmaLike.Gemma2(p, tokens),
        ["gemma3"] = (p, tokens) => GemmaLike.Gemma3(p, tokens),
        ["olmo2"] = PostNormed.Olmo2,
        ["olmo3"] = PostNormed.Olmo3,
        ["command-r"] = (p, tokens) => LayerNormed.CommandR(p, tokens, headNorms: false),
        ["command-r-plus"] = (p, tokens) => LayerNormed.CommandR(p, tokens, headNorms: true),
        ["cohere2"] = LayerNormed.Cohere2,
        ["chatglm"] = LlamaLike.ChatGlm,
        ["glm4"] = PostNormed.Glm4,
        ["granite"] = LlamaLike.Granite,
        ["smollm3"] = LlamaLike.SmolLm3,
        ["llama-dynamic"] = LongContext.DynamicNtk,
        ["phi3"] = (p, tokens) => LongContext.Phi3(p, tokens, "rope_factors_short.weight"),
        ["phi3-long"] = (p, tokens) => LongContext.Phi3(p, tokens, "rope_factors_long.weight"),
        ["mixtral"] = Mixtures.Mixtral,
        ["mixtral-dense"] = Mixtures.MixtralDense,
        ["qwen2-window"] = LlamaLike.Qwen2Window,
        ["qwen3-window"] = LlamaLike.Qwen3Window,
        ["qwen3moe-window"] = Mixtures.Qwen3MoeWindow,
        ["smollm3-layers"] = LlamaLike.SmolLm3Layers,
        ["granite-unrotated"] = LlamaLike.GraniteUnrotated,
        ["gemma2-uncapped"] = (p, tokens) => GemmaLike.Gemma2(p, tokens, localBase: 100, scoreCap: 0, logitCap: 0),
        ["gemma3-full"] = (p, tokens) => GemmaLike.Gemma3(p, tokens, windows: false, factor: 1, logitCap: 0),
        ["qwen3moe"] = Mixtures.Qwen3Moe,
        ["qwen3moe-dense"] = Mixtures.Qwen3Moe,
        ["gpt-oss"] = (p, tokens) => Mixtures.GptOss(p, tokens, yarn: false),
        ["gpt-oss-yarn"] = (p, tokens) => Mixtures.GptOss(p, tokens, yarn: true),
        ["deepseek2-lite"] = (p, tokens) => Latent.V2(p, tokens, groups: 1, groupsUsed: 1),
        ["deepseek2"] = (p, tokens) => Latent.V2(p, tokens, groups: 4, groupsUsed: 2),
        ["deepseek3"] = Latent.V3,
    };

    public static TheoryData<string> Names => [.. All.Select(f => f.Name)];

    private static IEnumerable<TinyFamily> All => TinyFamilies.All.Concat(TinyMixtures.All).Concat(TinyVariants.All);

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_are_those_of_the_paper(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        using FamilyRun run = new(model);
        double[][] expected = Forward[name](new Paper(model), FamilyRun.Tokens);
        double spread = expected.Max(row => row.Max() - row.Min());
        Assert.InRange(spread, 0.5, 100);
        Assert.InRange(FamilyRun.Difference(run.Logits(), expected), 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_operation_can_be_left_out_or_changed(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        using FamilyRun run = new(model);
        double[][] whole = [.. run.Logits().Select(row => row.Select(v => (double)v).ToArray())];
        List<string> unseen = [];
        int count = 0;
        foreach ((string what, ModelGraph graph) in Mutations.Of(run.Graph, model.Planned))
        {
            count++;
            double difference = FamilyRun.Difference(FamilyRun.Logits(graph, model.Planned), whole);
            if (difference < 10 * Tolerance)
                unseen.Add($"{what}: {difference:g2}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {count} changes of {run.Graph.Nodes.Count} nodes");
        Assert.True(count > 2 * run.Graph.Nodes.Count, $"{count} changes");
        Assert.True(unseen.Count == 0, $"{unseen.Count} of {count}: {string.Join("; ", unseen.Take(20))}");
    }

    [Fact]
    public void Every_model_uses_every_tensor_of_its_file() => Assert.All(All, model =>
    {
        using FamilyRun run = new(model);
        HashSet<string> used = [.. run.Graph.Nodes.SelectMany(n => n.Weights).Select(w => w.Name), "rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"];
        Assert.All(model.Tensors, t => Assert.Contains(t.Name, used));
    });
}
