using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tessera.Abstractions;
using Tessera.Abstractions.Tokenizers;
using Tessera.Format.Safetensors.Tests.Families;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>What stands beside the weights: sampling, end tokens, tokenizers, templates; shards; and what is said of tensors that are left over.</summary>
public sealed class FolderTests
{
    [Fact]
    public void Generation_config_gives_sampling_and_end_tokens() =>
        Folders.Open(Folders.With("llama", c => c["eos_token_id"] = 3,
            ("generation_config.json", """{"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.05, "typical_p": 0.9, "repetition_penalty": 1.1, "eos_token_id": [7, 5, 7]}"""), ("tokenizer.json", "{}")), source =>
        {
            Assert.Equal(new SamplingDefaults { Temperature = 0.6f, TopK = 20, TopP = 0.95f, MinP = 0.05f, TypicalP = 0.9f, RepetitionPenalty = 1.1f }, source.Metadata.Sampling);
            Assert.Equal([5, 7], source.Tokenizer!.EndTokens!);
            Assert.Equal("[7, 5, 7]", source.Properties["generation_config.eos_token_id"]);
        });

    [Theory]
    [InlineData("""{"eos_token_id": 4}""", new[] { 4 })]
    [InlineData("""{"eos_token_id": null}""", new[] { 3 })]
    [InlineData("""{}""", new[] { 3 })]
    public void Without_a_list_of_its_own_the_configuration_s_counts(string generation, int[] ends) =>
        Folders.Open(Folders.With("llama", c => c["eos_token_id"] = 3, ("generation_config.json", generation), ("tokenizer.json", "{}")), s => Assert.Equal(ends, s.Tokenizer!.EndTokens!));

    [Fact]
    public void A_folder_that_lists_no_end_tokens_leaves_them_to_its_tokenizer() =>
        Folders.Open(Folders.With("llama", null, ("tokenizer.json", "{}")), s => Assert.Null(s.Tokenizer!.EndTokens));

    [Fact]
    public void A_model_that_does_not_sample_is_greedy() =>
        Folders.Open(Folders.With("llama", null, ("generation_config.json", """{"do_sample": false, "temperature": 0.6}""")), s => Assert.Equal(0f, s.Metadata.Sampling.Temperature));

    [Theory]
    [InlineData("""{"top_p": 2}""", "top_p")]
    [InlineData("""{"eos_token_id": "2"}""", "eos_token_id: expected a token id, or an array of them, found the string \"2\"")]
    [InlineData("""{"eos_token_id": [1, -2]}""", "eos_token_id: expected a token id, or an array of them, found -2")]
    [InlineData("""{"temperature": [1]}""", "temperature")]
    [InlineData("""{"top_k": -2}""", "top_k")]
    [InlineData("""{"eos_token_id": -1}""", "eos_token_id")]
    [InlineData("""[]""", "an object")]
    public void A_wrong_value_of_generation_config_is_a_problem_of_running_only(string text, string key) =>
        Folders.Open(Folders.With("llama", null, ("generation_config.json", text)), source =>
        {
            string problem = Assert.Single(source.Metadata.Problems);
            Assert.Contains("generation_config.json", problem, StringComparison.Ordinal);
            Assert.Contains(key, problem, StringComparison.Ordinal);
            Assert.Contains(source.Tensors, t => t.Name == "token_embd.weight");
        });

    [Fact]
    public void A_top_k_below_zero_is_off() =>
        Folders.Open(Folders.With("llama", null, ("generation_config.json", """{"top_k": -1}""")), source =>
        {
            Assert.Empty(source.Metadata.Problems);
            Assert.Equal(0, source.Metadata.Sampling.TopK);
        });

    [Theory]
    [InlineData("tokenizer.json", "hf")]
    [InlineData("tokenizer.model", "sentencepiece")]
    [InlineData("tiktoken.model", "tiktoken")]
    public void The_tokenizer_s_files_are_found(string name, string kind) =>
        Folders.Open(Folders.With("llama", null, (name, "\n{}"), ("tokenizer_config.json", "{}")), source =>
        {
            Assert.Equal(kind, source.Tokenizer!.Model);
            Assert.Equal([name, TokenizerConfig], source.Tokenizer.Files.Keys);
            Assert.Empty(source.Tokenizer.Tokens);
        });

    [Fact]
    public void Tokenizer_json_wins_over_tokenizer_model() =>
        Folders.Open(Folders.With("llama", null, ("tokenizer.json", "{}"), ("tokenizer.model", "\n")), s => Assert.Equal("hf", s.Tokenizer!.Model));

    [Theory]
    [InlineData("""{"chat_template": "one"}""", null, "one", null)]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "two"}]}""", null, "two", "tools")]
    [InlineData("""{"chat_template": {"default": "three", "tool_use": "tools"}}""", null, "three", "tools")]
    [InlineData("""{"chat_template": "one"}""", "file", "file", null)]
    [InlineData("""{"chat_template": [{"name": "rag", "template": "x"}]}""", null, null, null)]
    [InlineData("""{}""", null, null, null)]
    public void Templates_are_found(string config, string? file, string? template, string? tools)
    {
        List<(string, string)> more = [(TokenizerConfig, config)];
        if (file is not null)
            more.Add(("chat_template.jinja", file));
        Folders.Open(Folders.With("llama", null, [.. more]), s => Assert.Equal((template, tools), (s.ChatTemplate, s.ToolChatTemplate)));
    }

    [Theory]
    [InlineData("""{"chat_template": [{"name": "default", "template": "two"}, {"name": "tool_use", "template": "old"}]}""", "file", "tools", "file", "tools")]
    // A file of its own stands for all that the configuration has.
    [InlineData("""{"chat_template": [{"name": "default", "template": "two"}, {"name": "tool_use", "template": "old"}]}""", "file", null, "file", null)]
    [InlineData("""{"chat_template": "one"}""", null, "tools", "one", "tools")]
    public void Named_templates_have_files_of_their_own(string config, string? file, string? toolFile, string? template, string? tools)
    {
        List<(string, string)> more = [(TokenizerConfig, config)];
        if (file is not null)
            more.Add(("chat_template.jinja", file));
        if (toolFile is not null)
            more.Add(("additional_chat_templates/tool_use.jinja", toolFile));
        Folders.Open(Folders.With("llama", null, [.. more]), s => Assert.Equal((template, tools), (s.ChatTemplate, s.ToolChatTemplate)));
    }

    [Theory]
    [InlineData("[1]", "found 1")]
    [InlineData("5", "found 5")]
    [InlineData("true", "found true")]
    [InlineData("[\"default\"]", "found the string \"default\"")]
    [InlineData("[{\"name\": \"default\"}]", "found {\"name\": \"default\"}")]
    public void A_template_that_is_no_text_is_told_with_what_may_stand_there(string template, string found) =>
        Folders.Faulty(Folders.With("llama", null, (TokenizerConfig, $"{{\"chat_template\": {template}}}")), $"{TokenizerConfig}: chat_template: expected a text, or a list of objects with name and template, {found}");

    [Theory]
    [InlineData("""{"chat_template": [{"name": "rag", "template": "x"}, {"name": "tool_use", "template": "y"}]}""", "'rag', 'tool_use'")]
    [InlineData("""{"chat_template": {"rag": "x"}}""", "'rag'")]
    public void Named_templates_without_one_for_all_conversations_are_a_warning(string config, string names) =>
        Folders.Open(Folders.With("llama", null, (TokenizerConfig, config)), s => Assert.Equal($"chat templates are named {names}, and none 'default': there is none for all conversations", Assert.Single(s.Warnings)));

    [Fact]
    public void Shards_make_one_model_and_equal_names_are_read_where_the_index_says()
    {
        (string Name, byte[] Bytes)[] whole = Folders.Find("llama").ToFolder();
        using TestModelFiles memory = TestModelFiles.Folder("folder", whole);
        StoredTensor[] tensors = [.. SafetensorsFile.Read(memory.TryOpen(ModelTensors.SingleFile)!).Tensors];
        SafetensorsWriter[] shards = [new(), new(), new()];
        JsonObject map = [];
        for (int i = 0; i < tensors.Length; i++)
        {
            shards[i % 3].Add(tensors[i].Name, "F32", tensors[i].Shape, tensors[i].Bytes.ToArray());
            map[tensors[i].Name] = $"model-0000{i % 3 + 1}-of-00003.safetensors";
        }
        // Twice: the index says which counts.
        shards[1].Add(tensors[0].Name, "F32", tensors[0].Shape, new byte[tensors[0].Length]);
        byte[] index = Encoding.UTF8.GetBytes(new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1e15 }, ["weight_map"] = map }.ToJsonString());
        (string, byte[])[] files = [whole[0], (ModelTensors.IndexFile, index), .. shards.Select((s, i) => ($"model-0000{i + 1}-of-00003.safetensors", s.ToBytes()))];
        Folders.Open(files, source =>
        {
            Assert.Empty(source.Metadata.Problems);
            Assert.Contains(tensors[0].Name, Assert.Single(source.Warnings), StringComparison.Ordinal);
            float[][] found = TinyRun.Logits(source);
            Folders.Open(whole, one => Assert.Equal(0, TinyRun.Difference(found, TinyRun.Logits(one))));
        });
    }

    [Fact]
    public void A_single_file_is_opened_with_the_folder_that_it_is_in()
    {
        (string Name, byte[] Bytes)[] folder = Folders.Find("llama").ToFolder();
        using TestModelFiles files = new(folder[1], folder[0]);
        Assert.Equal("model.safetensors", files.Name);
        Assert.Empty(new SafetensorsFormat().Open(files).Metadata.Problems);
    }

    [Fact]
    public void A_folder_that_is_no_whole_model_can_still_be_looked_at() =>
        Folders.Open([("config.json", "{}"u8.ToArray()), ("model.safetensors", new SafetensorsWriter().Add("down_proj.weight", [2, 3], new float[6]).Add("five", "U8", [1, 1, 1, 1, 1], [1]).ToBytes())], source =>
        {
            Assert.Contains("model_type", Assert.Single(source.Metadata.Problems), StringComparison.Ordinal);
            Assert.Equal(("down_proj.weight", "f32"), (Assert.Single(source.Tensors).Name, source.Tensors[0].Quantization));
        });

    [Fact]
    public void Left_over_tensors_of_all_layers_are_one_warning_and_a_vision_tower_another()
    {
        (string Name, byte[] Bytes)[] folder = Folders.Find("gemma3").ToFolder(n => "language_model." + n, config =>
        {
            JsonObject text = (JsonObject)config.DeepClone();
            text.Remove("architectures");
            config.Clear();
            config["architectures"] = new JsonArray("Gemma3ForConditionalGeneration");
            config["text_config"] = text;
        });
        using TestModelFiles whole = TestModelFiles.Folder("folder", folder);
        SafetensorsWriter more = new();
        foreach (StoredTensor tensor in SafetensorsFile.Read(whole.TryOpen("model.safetensors")!).Tensors)
            more.Add(tensor.Name, "F32", tensor.Shape, tensor.Bytes.ToArray());
        for (int i = 0; i < 7; i++)
            more.Add($"language_model.model.layers.{i}.self_attn.rotary_emb.inv_freq", "F32", [1], new byte[4]).Add($"vision_tower.layers.{i}.weight", "F32", [1], new byte[4]).Add($"vision_tower.layers.{i}.bias", "F32", [1], new byte[4]);
        Folders.Open([folder[0], ("model.safetensors", more.ToBytes())], source =>
        {
            Assert.Empty(source.Metadata.Problems);
            Assert.Equal(
                ["14 tensors 'vision_tower.*' have no place in this model and are passed over", "7 tensors 'language_model.model.layers.*.self_attn.rotary_emb.inv_freq' have no place in this model and are passed over"],
                source.Warnings.Order(StringComparer.Ordinal));
        });
    }

    [Theory]
    // Fields of the classes that are not there: their own defaults, not another family's.
    [InlineData("""{"architectures": ["MistralForCausalLM"]}""", "llama", 14_336, 8, 131_072, 1e-6, 10_000, 4096)]
    [InlineData("""{"architectures": ["MixtralForCausalLM"]}""", "llama", 14_336, 8, 131_072, 1e-5, 1e6, 0)]
    [InlineData("""{"architectures": ["Qwen2ForCausalLM"]}""", "qwen2", 22_016, 32, 32_768, 1e-6, 10_000, 0)]
    [InlineData("""{"model_type": "gemma2"}""", "gemma2", 9216, 4, 8192, 1e-6, 10_000, 4096)]
    [InlineData("""{"architectures": ["Gemma3ForConditionalGeneration"], "text_config": {"model_type": "gemma3_text", "hidden_size": 2560}}""", "gemma3", 9216, 4, 131_072, 1e-6, 1e6, 4096)]
    [InlineData("""{"architectures": ["SmolLM3ForCausalLM"]}""", "smollm3", 11_008, 4, 32_768, 1e-6, 2e6, 0)]
    [InlineData("""{"architectures": ["GlmForCausalLM"]}""", "chatglm", 13_696, 2, 131_072, 1.5625e-7, 10_000, 0)]
    [InlineData("""{"architectures": ["Glm4ForCausalLM"]}""", "glm4", 13_696, 2, 131_072, 1.5625e-7, 10_000, 0)]
    [InlineData("""{"architectures": ["CohereForCausalLM"]}""", "command-r", 22_528, 64, 8192, 1e-5, 500_000, 0)]
    [InlineData("""{"architectures": ["GptOssForCausalLM"]}""", "gpt-oss", 2880, 8, 131_072, 1e-5, 150_000, 128)]
    [InlineData("""{"architectures": ["LlamaForCausalLM"]}""", "llama", 11_008, 32, 2048, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["Qwen3ForCausalLM"]}""", "qwen3", 22_016, 32, 32_768, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["Qwen3MoeForCausalLM"]}""", "qwen3moe", 6144, 4, 32_768, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["GemmaForCausalLM"]}""", "gemma", 24_576, 16, 8192, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["PhiForCausalLM"]}""", "phi2", 8192, 32, 2048, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["Phi3ForCausalLM"]}""", "phi3", 8192, 32, 4096, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["StableLmForCausalLM"]}""", "stablelm", 6912, 32, 4096, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["Starcoder2ForCausalLM"]}""", "starcoder2", 12_288, 2, 4096, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["GraniteForCausalLM"]}""", "granite", 11_008, 32, 2048, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["Cohere2ForCausalLM"]}""", "cohere2", 22_528, 64, 8192, 1e-5, 10_000, 4096)]
    [InlineData("""{"architectures": ["Olmo2ForCausalLM"]}""", "olmo2", 11_008, 32, 2048, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["Olmo3ForCausalLM"]}""", "olmo2", 11_008, 32, 2048, 1e-5, 500_000, 4096)]
    [InlineData("""{"architectures": ["DeepseekV2ForCausalLM"], "num_experts_per_tok": 6}""", "deepseek2", 11_008, 32, 2048, 1e-6, 10_000, 0)]
    // A text part has its own class's, not those of the family whose layers it has.
    [InlineData("""{"architectures": ["Qwen2VLForConditionalGeneration"], "model_type": "qwen2_vl"}""", "qwen2", 29_568, 8, 32_768, 1e-5, 1e6, 0)]
    [InlineData("""{"architectures": ["Qwen2_5_VLForConditionalGeneration"], "text_config": {"model_type": "qwen2_5_vl_text"}}""", "qwen2", 29_568, 8, 32_768, 1e-5, 1e6, 0)]
    [InlineData("""{"architectures": ["Qwen3VLForConditionalGeneration"], "text_config": {"model_type": "qwen3_vl_text"}}""", "qwen3", 22_016, 32, 128_000, 1e-6, 5e6, 0)]
    [InlineData("""{"architectures": ["Glm4vForConditionalGeneration"], "text_config": {"model_type": "glm4v_text"}}""", "glm4", 13_696, 2, 32_768, 1e-5, 10_000, 0)]
    [InlineData("""{"architectures": ["Mistral3ForConditionalGeneration"], "text_config": {"model_type": "ministral3", "rope_parameters": {"rope_type": "default"}}}""", "llama", 14_336, 8, 262_144, 1e-5, 1e6, 0)]
    [InlineData("""{"architectures": ["Mistral3ForConditionalGeneration"], "text_config": {}}""", "llama", 14_336, 8, 131_072, 1e-6, 10_000, 4096)]
    [InlineData("""{"architectures": ["InternVLForConditionalGeneration"], "text_config": {"hidden_size": 2048}}""", "qwen2", 22_016, 32, 32_768, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["SmolVLMForConditionalGeneration"], "text_config": {"model_type": "llama"}}""", "llama", 11_008, 32, 2048, 1e-6, 10_000, 0)]
    [InlineData("""{"architectures": ["DeepseekV3ForCausalLM"]}""", "deepseek2", 18_432, 128, 4096, 1e-6, 10_000, 0)]
    public void Absent_fields_have_their_class_s_defaults(string config, string architecture, int inner, int keyHeads, int context, double epsilon, double ropeBase, int window) =>
        Folders.Open([("config.json", Encoding.UTF8.GetBytes(config)), ("model.safetensors", new SafetensorsWriter().ToBytes())], source =>
        {
            ModelMetadata m = source.Metadata;
            Assert.Contains("embed_tokens.weight", Assert.Single(m.Problems), StringComparison.Ordinal);
            Assert.Equal((architecture, inner, keyHeads, context, window), (m.Architecture, m.FeedForwardLength, m.Attention.KeyValueHeadCount, m.ContextLength, m.Attention.SlidingWindow));
            Assert.Equal(epsilon, m.NormEpsilon, 1e-10);
            Assert.Equal(ropeBase, m.Rope.Base);
        });

    [Theory]
    // Those that say how much of a head rotates, whether the ends are tied, and where a window begins.
    [InlineData("""{"architectures": ["PhiForCausalLM"]}""", 51_200, 2048, 24, 32, 64, 32)]
    [InlineData("""{"architectures": ["StableLmForCausalLM"]}""", 50_304, 2560, 32, 32, 80, 20)]
    [InlineData("""{"architectures": ["GlmForCausalLM"]}""", 151_552, 4096, 40, 32, 128, 64)]
    [InlineData("""{"architectures": ["Glm4vForConditionalGeneration"], "text_config": {}}""", 151_552, 4096, 40, 32, 128, 128)]
    [InlineData("""{"architectures": ["Qwen2VLForConditionalGeneration"], "text_config": {}}""", 152_064, 8192, 80, 64, 128, 128)]
    [InlineData("""{"architectures": ["Qwen3VLForConditionalGeneration"], "text_config": {"num_attention_heads": 16}}""", 151_936, 4096, 32, 16, 128, 128)]
    [InlineData("""{"architectures": ["GemmaForCausalLM"]}""", 256_000, 3072, 28, 16, 256, 256)]
    [InlineData("""{"architectures": ["Starcoder2ForCausalLM"]}""", 49_152, 3072, 30, 24, 128, 128)]
    [InlineData("""{"architectures": ["Qwen3ForCausalLM"], "num_attention_heads": 16, "num_key_value_heads": 16}""", 151_936, 4096, 32, 16, 128, 128)]
    public void Absent_shapes_have_their_class_s_defaults(string config, int vocabulary, int width, int layers, int heads, int head, int rotating) =>
        Folders.Open([("config.json", Encoding.UTF8.GetBytes(config)), ("model.safetensors", new SafetensorsWriter().ToBytes())], source =>
        {
            ModelMetadata m = source.Metadata;
            Assert.Equal((vocabulary, width, layers, heads, head, rotating), (m.VocabularySize, m.EmbeddingLength, m.LayerCount, m.Attention.HeadCount, m.Attention.KeyLength, m.Rope.Dimensions));
        });

    [Theory]
    [InlineData("""{"architectures": ["BertModel"]}""", "bert", 30_522, 768, 3072, 12, 12, 512, 1e-12)]
    [InlineData("""{"architectures": ["RobertaModel"], "model_type": "roberta"}""", "bert", 50_265, 768, 3072, 12, 12, 510, 1e-12)]
    [InlineData("""{"architectures": ["XLMRobertaModel"], "model_type": "xlm-roberta"}""", "bert", 30_522, 768, 3072, 12, 12, 510, 1e-12)]
    [InlineData("""{"architectures": ["CamembertModel"], "model_type": "camembert"}""", "bert", 30_522, 768, 3072, 12, 12, 510, 1e-12)]
    [InlineData("""{"architectures": ["DistilBertModel"]}""", "bert", 30_522, 768, 3072, 6, 12, 512, 1e-12)]
    [InlineData("""{"architectures": ["ModernBertModel"]}""", "modern-bert", 50_368, 768, 1152, 22, 12, 8192, 1e-5)]
    public void Absent_fields_of_encoders_have_their_class_s_defaults(string config, string architecture, int vocabulary, int width, int inner, int layers, int heads, int context, double epsilon) =>
        Folders.Open([("config.json", Encoding.UTF8.GetBytes(config)), ("model.safetensors", new SafetensorsWriter().ToBytes())], source =>
        {
            ModelMetadata m = source.Metadata;
            Assert.Equal((architecture, vocabulary, width, inner, layers, heads, context), (m.Architecture, m.VocabularySize, m.EmbeddingLength, m.FeedForwardLength, m.LayerCount, m.Attention.HeadCount, m.ContextLength));
            Assert.Equal((float)epsilon, m.NormEpsilon);
            if (architecture == "modern-bert")
                Assert.Equal((160_000f, 10_000.0, 128), (m.Rope.Base, m.Extra["rope.freq_base_swa"], m.Attention.SlidingWindow));
        });

    [Theory]
    [InlineData("phi", "qk_layernorm", "true")]
    [InlineData("gemma3", "attn_logit_softcapping", "30")]
    [InlineData("gemma2", "use_bidirectional_attention", "true")]
    [InlineData("starcoder2", "use_bias", "false")]
    [InlineData("deepseek v2", "moe_layer_freq", "2")]
    [InlineData("deepseek v2", "topk_method", "\"noaux_tc\"")]
    [InlineData("llama", "hidden_act", "\"gelu\"")]
    public void A_variant_that_no_graph_has_is_named(string family, string key, string value) =>
        Assert.Contains(key, Folders.Problem(family, c => c[key] = JsonNode.Parse(value)), StringComparison.Ordinal);

    [Fact]
    public void Soft_caps_that_are_null_are_none()
    {
        ModelMetadata none = Folders.Metadata("gemma2", c => (c["attn_logit_softcapping"], c["final_logit_softcapping"]) = (null, null));
        Assert.Equal((0f, 0d, 0d), (none.Attention.LogitSoftCap, none.Extra["attn_logit_softcapping"], none.Extra["final_logit_softcapping"]));
        ModelMetadata absent = Folders.Metadata("gemma2", c =>
        {
            c.Remove("attn_logit_softcapping");
            c.Remove("final_logit_softcapping");
        });
        Assert.Equal((50f, 30d), (absent.Attention.LogitSoftCap, absent.Extra["final_logit_softcapping"]));
    }

    [Fact]
    public void Windows_follow_use_sliding_window_and_the_types_of_layers()
    {
        Assert.Equal(0, Folders.Metadata("qwen2", c => c["sliding_window"] = 8).Attention.SlidingWindow);
        ModelMetadata upper = Folders.Metadata("qwen2", c => (c["sliding_window"], c["use_sliding_window"], c["max_window_layers"]) = (8, true, 1));
        Assert.Equal(8, upper.Attention.SlidingWindow);
        Assert.Equal([0d, 1], upper.ExtraLists["attention.sliding_window_pattern"]);
        // The text part of Qwen2-VL has the window from layer 80 on.
        Assert.Equal(0, Folders.Metadata("qwen2", c =>
        {
            (c["sliding_window"], c["use_sliding_window"], c["architectures"], c["model_type"], c["num_hidden_layers"]) = (8, true, new JsonArray("Qwen2VLForConditionalGeneration"), "qwen2_vl", 80);
        }).Attention.SlidingWindow);
        ModelMetadata typed = Folders.Metadata("qwen3", c => (c["sliding_window"], c["use_sliding_window"], c["layer_types"]) = (8, true, new JsonArray("sliding_attention", "full_attention")));
        Assert.Equal([1d, 0], typed.ExtraLists["attention.sliding_window_pattern"]);
        Assert.Contains("layer_types", Folders.Problem("gemma2", c => c["layer_types"] = new JsonArray("chunked_attention", "full_attention", "full_attention")), StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{3}"), Folders.Problem("gemma2", c => c["layer_types"] = new JsonArray("full_attention")), StringComparison.Ordinal);
    }

    private const string TokenizerConfig = "tokenizer_config.json";
}
