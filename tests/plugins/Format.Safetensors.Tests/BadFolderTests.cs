using System.Diagnostics;
using Tessera.Abstractions;
using Tessera.Engine.Architectures;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Malformed and unusual folders (../shared/fixtures/hf-models/README.md, bad/): from the files to the graph.</summary>
public sealed class BadFolderTests
{
    private const int Folders = 40, Context = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // What the error names, where the case is about one thing.
    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["index_missing_shard"] = "model-00002-of-00002.safetensors",
        ["index_path_traversal"] = "../",
        ["index_without_weight_map"] = "weight_map",
        ["index_shard_not_a_string"] = "weight_map",
        ["weight_missing"] = "model.norm.weight",
        ["weight_transposed"] = "model.embed_tokens.weight",
        ["config_missing"] = "config.json",
        ["config_empty"] = "config.json",
        ["config_is_list"] = "config.json",
        ["config_no_model_type"] = "model_type",
        ["config_unknown_model_type"] = "LlamaForCausalLM",
        ["config_hidden_size_string"] = "hidden_size",
        ["config_hidden_size_float"] = "hidden_size",
        ["config_layers_1e9"] = "num_hidden_layers",
        ["config_layers_negative"] = "num_hidden_layers",
        ["config_layers_too_many"] = "model.layers.2.",
        ["config_vocab_huge"] = "vocab_size",
        ["config_heads_do_not_divide"] = "num_attention_heads",
        ["config_kv_heads_zero"] = "num_key_value_heads",
        ["config_head_dim_zero"] = "head_dim",
        ["config_heads_zero"] = "num_attention_heads",
        ["config_rope_type_unknown"] = "spiral",
        ["config_rope_factor_missing"] = "factor",
        ["config_longrope_wrong_length"] = "_factor",
        ["config_act_unknown"] = "swoosh",
        ["config_eps_nan"] = "config.json",
        ["config_quantization_unknown"] = "quantization",
    };

    public static TheoryData<string> Names => [.. BadCases.All.Where(c => !c.IsFile).Select(c => c.Name)];

    [Fact]
    public void Every_folder_has_a_case()
    {
        BadCases.Require();
        Assert.Equal(Folders, Names.Count);
        Assert.Equal(Directory.GetDirectories(BadCases.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal), BadCases.All.Where(c => !c.IsFile).Select(c => c.Name).Order(StringComparer.Ordinal));
        Assert.Empty(Named.Keys.Except(BadCases.All.Where(c => c.Expect == "reject").Select(c => c.Name)));
        FixtureCount.Print("hf-models/bad", $"{Names.Count} folders");
    }

    [Theory]
    [MemberData(nameof(Names), DisableDiscoveryEnumeration = true)]
    public void It_ends_as_its_case_says(string name)
    {
        BadCase it = BadCases.Require(name);
        Stopwatch time = Stopwatch.StartNew();
        using TestModelFiles files = TestModelFiles.OnDisk(it.Path);
        string? refusal = null;
        try
        {
            ModelSource source = new SafetensorsFormat().Open(files);
            if (source.Metadata.Problems.Count > 0)
                refusal = string.Join("; ", source.Metadata.Problems);
            else
                BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, Context);
        }
        catch (TesseraException e)
        {
            refusal = e.Message;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(refusal ?? "a graph");
        Assert.InRange(time.Elapsed, TimeSpan.Zero, Patience);
        if (it.Expect == "reject")
            Assert.Contains(Named.GetValueOrDefault(name, ""), Assert.IsType<string>(refusal), StringComparison.Ordinal);
        if (it.Expect == "accept")
            Assert.Null(refusal);
    }

    [Fact]
    public void A_tensor_that_the_model_has_no_use_for_is_named()
    {
        using TestModelFiles files = TestModelFiles.OnDisk(BadCases.Require("weight_extra").Path);
        Assert.Contains("rotary_emb.inv_freq", Assert.Single(new SafetensorsFormat().Open(files).Warnings), StringComparison.Ordinal);
    }
}
