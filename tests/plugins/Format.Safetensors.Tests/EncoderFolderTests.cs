namespace Tessera.Format.Safetensors.Tests;

/// <summary>Encoders' folders: names, numbers in both spellings of the configuration, and sentence-transformers' modules.</summary>
public sealed class EncoderFolderTests
{
    private const int W = 8, I = 12, V = 20;

    private const string Modules = """
        [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}MORE]
        """;

    [Fact]
    public void Bert_has_its_names_and_its_classifier_reads_the_pooler()
    {
        using FolderWriter folder = new();
        folder.Text("config.json", Config("BertForSequenceClassification", "bert", "\"max_position_embeddings\": 16, \"id2label\": {\"0\": \"x\"}, \"layer_norm_eps\": 1e-6, \"hidden_act\": \"gelu_new\""))
            .Tensors("model.safetensors", [.. Bert("bert.", 16), ("bert.pooler.dense.weight", [W, W]), ("bert.pooler.dense.bias", [W]), ("classifier.weight", [1, W]), ("classifier.bias", [1]), ("bert.embeddings.position_ids", [1, 16])])
            .Text("tokenizer_config.json", """{"model_max_length": 10}""");
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal(("bert", V, 16, W, 2, I, 1e-6f, 2, Activation.GeluTanh), (m.Architecture, m.VocabularySize, m.ContextLength, m.EmbeddingLength, m.LayerCount, m.FeedForwardLength, m.NormEpsilon, m.Attention.HeadCount, m.Activation));
        Assert.Equal(new PoolingMetadata { Kind = PoolingKind.First, IsClassifier = true, ClassifierActivation = Activation.Tanh, Normalizes = false, Scores = ScoreFunction.Sigmoid, MaxTokens = 10 } with { Products = m.Pooling.Products, Prompts = m.Pooling.Prompts }, m.Pooling);
        string[] layer = ["attn_q", "attn_k", "attn_v", "attn_output", "attn_output_norm", "ffn_up", "ffn_down", "layer_output_norm"];
        Named(source, ["token_embd.weight", "position_embd.weight", "token_types.weight", .. Both("token_embd_norm", "cls", "cls.output"), .. Both([.. layer.Select(n => $"blk.0.{n}"), .. layer.Select(n => $"blk.1.{n}")])]);
    }

    [Fact]
    public void Roberta_begins_its_positions_behind_the_padding()
    {
        using FolderWriter folder = new();
        folder.Text("config.json", Config("XLMRobertaForSequenceClassification", "xlm-roberta", "\"max_position_embeddings\": 16, \"pad_token_id\": 1, \"num_labels\": 1"))
            .Tensors("model.safetensors", [.. Bert("roberta.", 16), ("classifier.dense.weight", [W, W]), ("classifier.dense.bias", [W]), ("classifier.out_proj.weight", [1, W]), ("classifier.out_proj.bias", [1])]);
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal((14, 2.0), (m.ContextLength, m.Extra["position_offset"]));
        Assert.True(m.Pooling is { IsClassifier: true, Kind: PoolingKind.First, Scores: ScoreFunction.Sigmoid });
        Assert.Contains(source.Tensors, t => t is { Name: "cls.weight", StoredName: "classifier.dense.weight" });
        Assert.Contains(source.Tensors, t => t is { Name: "cls.output.bias", StoredName: "classifier.out_proj.bias" });
    }

    [Fact]
    public void Old_names_of_norms_are_known()
    {
        using FolderWriter folder = new();
        folder.Text("config.json", Config("BertModel", "bert", "\"max_position_embeddings\": 16"))
            .Tensors("model.safetensors", Bert("", 16).Select(t => (t.Name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal), t.Shape)));
        ModelSource source = folder.Open();
        Assert.Equal(PoolingKind.None, Sound(source).Pooling.Kind);
        Assert.Contains(source.Tensors, t => t is { Name: "blk.1.layer_output_norm.bias", StoredName: "encoder.layer.1.output.LayerNorm.beta" });
    }

    [Fact]
    public void DistilBert_has_no_types()
    {
        using FolderWriter folder = new();
        List<(string, long[])> tensors = [("distilbert.embeddings.word_embeddings.weight", [V, W]), ("distilbert.embeddings.position_embeddings.weight", [16, W]), .. Both("distilbert.embeddings.LayerNorm", W)];
        for (int i = 0; i < 2; i++)
            foreach ((string name, long rows, long columns) in new[] { ("attention.q_lin", W, W), ("attention.k_lin", W, W), ("attention.v_lin", W, W), ("attention.out_lin", W, W), ("sa_layer_norm", 0, W), ("ffn.lin1", I, (long)W), ("ffn.lin2", W, I), ("output_layer_norm", 0, W) })
                tensors.AddRange(Module($"distilbert.transformer.layer.{i}.{name}", rows, columns));
        tensors.AddRange([.. Module("pre_classifier", W, W), .. Module("classifier", 1, W)]);
        folder.Text("config.json", $$"""{"architectures": ["DistilBertForSequenceClassification"], "model_type": "distilbert", "vocab_size": {{V}}, "dim": {{W}}, "hidden_dim": {{I}}, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 16, "num_labels": 1}""")
            .Tensors("model.safetensors", tensors);
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal((Activation.Gelu, Activation.Relu), (m.Activation, m.Pooling.ClassifierActivation));
        Assert.DoesNotContain(source.Tensors, t => t.Name == "token_types.weight");
        Assert.Contains(source.Tensors, t => t is { Name: "blk.1.attn_output_norm.weight", StoredName: "distilbert.transformer.layer.1.sa_layer_norm.weight" });
    }

    [Theory]
    [InlineData("\"global_rope_theta\": 500.0, \"local_rope_theta\": 50.0, \"global_attn_every_n_layers\": 2")]
    [InlineData("\"rope_parameters\": {\"full_attention\": {\"rope_type\": \"default\", \"rope_theta\": 500.0}, \"sliding_attention\": {\"rope_type\": \"default\", \"rope_theta\": 50.0}}, \"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\"]")]
    public void ModernBert_has_the_same_numbers_in_both_spellings(string spelling)
    {
        using FolderWriter folder = new();
        folder.Text("config.json", Config("ModernBertForSequenceClassification", "modernbert", $"\"num_hidden_layers\": 3, \"max_position_embeddings\": 64, \"local_attention\": 6, \"classifier_pooling\": \"mean\", \"num_labels\": 1, {spelling}", layers: false))
            .Tensors("model.safetensors", Modern("model."));
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal(("modern-bert", 64, 6, 500f, RopePairing.Halves, 50.0), (m.Architecture, m.ContextLength, m.Attention.SlidingWindow, m.Rope.Base, m.Rope.Pairing, m.Extra["rope.freq_base_swa"]));
        Assert.Equal([0, 1, 0], m.ExtraLists["attention.sliding_window_pattern"]);
        Assert.True(m.Pooling is { Kind: PoolingKind.Mean, IsClassifier: true, ClassifierActivation: Activation.Gelu, Scores: ScoreFunction.Sigmoid });
        Named(source, ["token_embd.weight", "token_embd_norm.weight", "output_norm.weight", "cls.weight", "cls.norm.weight", "cls.output.weight", "cls.output.bias",
            .. Enumerable.Range(0, 3).SelectMany(i => new[] { "attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down" }.Where(n => i > 0 || n != "attn_norm").Select(n => $"blk.{i}.{n}.weight"))]);
    }

    [Theory]
    [InlineData("", 10_000)]
    // In the older spelling a null is the base of the layers that see all.
    [InlineData(", \"local_rope_theta\": null", 500)]
    [InlineData(", \"local_rope_theta\": 50.0", 50)]
    public void ModernBert_s_local_base_may_be_the_global_one(string more, double expected)
    {
        using FolderWriter folder = new();
        folder.Text("config.json", Config("ModernBertForSequenceClassification", "modernbert", $"\"num_hidden_layers\": 3, \"num_labels\": 1, \"global_rope_theta\": 500.0{more}", layers: false)).Tensors("model.safetensors", Modern("model."));
        Assert.Equal(expected, Sound(folder.Open()).Extra["rope.freq_base_swa"]);
    }

    [Fact]
    public void Nomic_keeps_the_trained_context_and_its_own_names()
    {
        using FolderWriter folder = new();
        List<(string, long[])> tensors = [("embeddings.word_embeddings.weight", [V, W]), ("embeddings.token_type_embeddings.weight", [2, W]), .. Both("emb_ln", W)];
        for (int i = 0; i < 2; i++)
            tensors.AddRange([($"encoder.layers.{i}.attn.Wqkv.weight", [3 * W, W]), ($"encoder.layers.{i}.attn.out_proj.weight", [W, W]), .. Both($"encoder.layers.{i}.norm1", W), .. Both($"encoder.layers.{i}.norm2", W),
                ($"encoder.layers.{i}.mlp.fc11.weight", [I, W]), ($"encoder.layers.{i}.mlp.fc12.weight", [I, W]), ($"encoder.layers.{i}.mlp.fc2.weight", [W, I])]);
        folder.Text("config.json", $$"""
            {"architectures": ["NomicBertModel"], "model_type": "nomic_bert", "activation_function": "swiglu", "vocab_size": {{V}}, "n_embd": {{W}}, "n_inner": {{I}}, "n_layer": 2, "n_head": 2, "n_positions": 64, "max_trained_positions": 16,
            "rotary_scaling_factor": 2, "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0, "qkv_proj_bias": false, "mlp_fc1_bias": false, "mlp_fc2_bias": false, "prenorm": false, "layer_norm_epsilon": 1e-12}
            """).Tensors("model.safetensors", tensors);
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal(("nomic-bert", 16, 1000f, RopePairing.Halves, Activation.Silu), (m.Architecture, m.ContextLength, m.Rope.Base, m.Rope.Pairing, m.Activation));
        Assert.Contains(source.Tensors, t => t is { Name: "blk.1.ffn_gate.weight", StoredName: "encoder.layers.1.mlp.fc12.weight" });
    }

    [Theory]
    [InlineData("LlamaModel", "")]
    [InlineData("LlamaForSequenceClassification", "model.")]
    public void Decoders_without_a_head_pool_their_last_token(string name, string prefix)
    {
        bool isClassifier = prefix.Length > 0;
        using FolderWriter folder = new();
        List<(string, long[])> tensors = [($"{prefix}embed_tokens.weight", [V, W]), ($"{prefix}norm.weight", [W])];
        for (int i = 0; i < 2; i++)
            tensors.AddRange([.. new[] { "q_proj", "k_proj", "v_proj", "o_proj" }.Select(n => ($"{prefix}layers.{i}.self_attn.{n}.weight", new long[] { W, W })), ($"{prefix}layers.{i}.mlp.gate_proj.weight", [I, W]), ($"{prefix}layers.{i}.mlp.up_proj.weight", [I, W]),
                ($"{prefix}layers.{i}.mlp.down_proj.weight", [W, I]), ($"{prefix}layers.{i}.input_layernorm.weight", [W]), ($"{prefix}layers.{i}.post_attention_layernorm.weight", [W])]);
        if (isClassifier)
            tensors.Add(("score.weight", [1, W]));
        else
            folder.Text("modules.json", Modules.Replace("MORE", "", StringComparison.Ordinal)).Text("1_Pooling/config.json", """{"pooling_mode_lasttoken": true}""");
        folder.Text("config.json", Config(name, "llama", "\"max_position_embeddings\": 16, \"num_labels\": 1, \"tie_word_embeddings\": false")).Tensors("model.safetensors", tensors);
        ModelSource source = folder.Open();
        ModelMetadata m = Sound(source);
        Assert.Equal(("llama", true, PoolingKind.Last, isClassifier, isClassifier ? null : Activation.Tanh), (m.Architecture, m.IsHeadless, m.Pooling.Kind, m.Pooling.IsClassifier, m.Pooling.ClassifierActivation));
        Assert.Equal(isClassifier, source.Tensors.Any(t => t is { Name: "cls.output.weight", StoredName: "score.weight" }));
        Assert.DoesNotContain(source.Tensors, t => t.Name == "output.weight");
    }

    [Fact]
    public void Modules_say_how_texts_become_vectors()
    {
        using FolderWriter folder = Embedding(", {\"idx\": 2, \"name\": \"2\", \"path\": \"2_Dense\", \"type\": \"sentence_transformers.models.Dense\"}, {\"idx\": 3, \"name\": \"3\", \"path\": \"3_Normalize\", \"type\": \"sentence_transformers.models.Normalize\"}");
        folder.Text("2_Dense/config.json", """{"in_features": 8, "out_features": 4, "bias": true, "activation_function": "torch.nn.modules.activation.Tanh"}""")
            .Tensors("2_Dense/model.safetensors", [("linear.weight", [4, W]), ("linear.bias", [4])])
            .Text("sentence_bert_config.json", """{"max_seq_length": 9, "do_lower_case": false}""")
            .Text("config_sentence_transformers.json", """{"prompts": {"query": "find: ", "passage": ""}, "default_prompt_name": "query"}""");
        ModelSource source = folder.Open();
        PoolingMetadata pooling = Sound(source).Pooling;
        Assert.True(pooling is { Kind: PoolingKind.Mean, Normalizes: true, MaxTokens: 9, DefaultPrompt: "query", PromptsArePooled: false, IsClassifier: false });
        Assert.Equal([new PooledProduct("dense_2", Activation.Tanh)], pooling.Products);
        Assert.Equal("find: ", pooling.Prompts["query"]);
        Assert.Contains(source.Tensors, t => t.Name == "dense_2.weight" && t.Shape is [4, W]);
        Assert.Contains(source.Tensors, t => t.Name == "dense_2.bias");
    }

    [Theory]
    [InlineData("""{"max_seq_length": 9, "do_lower_case": true}""", true)]
    [InlineData("""{"max_seq_length": 9, "do_lower_case": false}""", false)]
    [InlineData("""{"max_seq_length": 9}""", false)]
    public void Texts_become_lower_case_where_the_transformer_s_settings_say_so(string settings, bool lowers)
    {
        using FolderWriter folder = Embedding("");
        Assert.Equal(lowers, Sound(folder.Text("sentence_bert_config.json", settings).Open()).Pooling.LowersText);
    }

    [Theory]
    [InlineData("mean_tokens", PoolingKind.Mean)]
    [InlineData("cls_token", PoolingKind.First)]
    [InlineData("lasttoken", PoolingKind.Last)]
    public void Every_kind_of_pooling_is_read(string mode, PoolingKind kind)
    {
        using FolderWriter folder = Embedding("");
        folder.Text("1_Pooling/config.json", $$"""{"word_embedding_dimension": 8, "pooling_mode_max_tokens": false, "pooling_mode_{{mode}}": true}""");
        Assert.Equal((kind, false, true), (folder.Open().Metadata.Pooling.Kind, folder.Open().Metadata.Pooling.Normalizes, folder.Open().Metadata.Pooling.PromptsArePooled));
    }

    [Theory]
    [InlineData("1_Pooling/config.json", """{"pooling_mode_max_tokens": true}""", "pooling by max_tokens")]
    [InlineData("1_Pooling/config.json", """{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}""", "pooling by mean_tokens and cls_token")]
    [InlineData("1_Pooling/config.json", """{}""", "pooling by nothing")]
    [InlineData("1_Pooling/config.json", """{"pooling_mode_mean_tokens": 1}""", "pooling_mode_mean_tokens")]
    [InlineData("modules.json", """{}""", "expected an array")]
    [InlineData("modules.json", """[7]""", "index 0")]
    [InlineData("modules.json", """[{"path": ""}]""", "[0]")]
    [InlineData("modules.json", """[{"type": "x.CNN", "path": "0_CNN"}]""", "'x.CNN'")]
    [InlineData("modules.json", """[{"type": "x.Normalize", "path": ""}]""", "at this place")]
    [InlineData("modules.json", """[{"type": "x.Transformer", "path": "0_Transformer"}]""", "a path of its own")]
    [InlineData("modules.json", """[{"type": "x.Pooling", "path": "gone"}]""", "modules.json: [0].path: expected a folder with 'config.json', the module's configuration, found 'gone': there is no such file")]
    [InlineData("modules.json", """[{"type": "x.Pooling", "path": "../other"}]""", "modules.json: [0].path: expected a folder with 'config.json', the module's configuration, found '../other': ")]
    [InlineData("modules.json", """[{"type": "x.Pooling", "path": "1_Pooling"}, {"type": "x.Dense", "path": "1_Pooling"}]""", "modules.json: [1].path: expected a folder with 'model.safetensors', the module's weights as safetensors, found '1_Pooling'")]
    [InlineData("config_sentence_transformers.json", """{"prompts": {}, "default_prompt_name": "query"}""", "default_prompt_name")]
    [InlineData("sentence_bert_config.json", """{"max_seq_length": 0}""", "max_seq_length")]
    public void A_module_that_cannot_be_meant_is_named(string name, string text, string expected)
    {
        using FolderWriter folder = Embedding("");
        ModelSource source = folder.Text(name, text).Open();
        Assert.Contains(expected, Assert.Single(source.Metadata.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"hidden_act\": \"mish\"", "hidden_act")]
    [InlineData("\"is_decoder\": true", "is_decoder")]
    [InlineData("\"position_embedding_type\": \"relative_key\"", "position_embedding_type")]
    [InlineData("\"num_attention_heads\": 5", "multiple of num_attention_heads")]
    [InlineData("\"vocab_size\": 0", "vocab_size")]
    public void A_configuration_that_cannot_be_meant_is_named(string fields, string expected)
    {
        using FolderWriter folder = new();
        folder.Text("config.json", $$"""{"architectures": ["BertModel"], "hidden_size": 24, {{fields}}}""").Tensors("model.safetensors", Bert("", 16));
        Assert.Contains(expected, Assert.Single(folder.Open().Metadata.Problems), StringComparison.Ordinal);
    }

    private static FolderWriter Embedding(string more) => new FolderWriter()
        .Text("config.json", Config("BertModel", "bert", "\"max_position_embeddings\": 16")).Tensors("model.safetensors", Bert("", 16))
        .Text("modules.json", Modules.Replace("MORE", more, StringComparison.Ordinal)).Text("1_Pooling/config.json", """{"pooling_mode_mean_tokens": true, "include_prompt": false}""");

    private static string Config(string architecture, string type, string more, bool layers = true) =>
        $$"""{"architectures": ["{{architecture}}"], "model_type": "{{type}}", "vocab_size": {{V}}, "hidden_size": {{W}}, "intermediate_size": {{I}}, {{(layers ? "\"num_hidden_layers\": 2, " : "")}}"num_attention_heads": 2, {{more}}}""";

    private static List<(string Name, long[] Shape)> Bert(string prefix, int positions)
    {
        List<(string, long[])> tensors = [($"{prefix}embeddings.word_embeddings.weight", [V, W]), ($"{prefix}embeddings.position_embeddings.weight", [positions, W]), ($"{prefix}embeddings.token_type_embeddings.weight", [2, W]), .. Both($"{prefix}embeddings.LayerNorm", W)];
        for (int i = 0; i < 2; i++)
            foreach ((string name, long rows, long columns) in new[] { ("attention.self.query", W, W), ("attention.self.key", W, W), ("attention.self.value", W, W), ("attention.output.dense", W, W), ("attention.output.LayerNorm", 0, W), ("intermediate.dense", I, (long)W), ("output.dense", W, I), ("output.LayerNorm", 0, W) })
                tensors.AddRange(Module($"{prefix}encoder.layer.{i}.{name}", rows, columns));
        return tensors;
    }

    private static List<(string Name, long[] Shape)> Modern(string prefix)
    {
        List<(string, long[])> tensors = [($"{prefix}embeddings.tok_embeddings.weight", [V, W]), ($"{prefix}embeddings.norm.weight", [W]), ($"{prefix}final_norm.weight", [W]), ("head.dense.weight", [W, W]), ("head.norm.weight", [W]), .. Module("classifier", 1, W)];
        for (int i = 0; i < 3; i++)
        {
            string layer = $"{prefix}layers.{i}.";
            if (i > 0)
                tensors.Add(($"{layer}attn_norm.weight", [W]));
            tensors.AddRange([($"{layer}attn.Wqkv.weight", [3 * W, W]), ($"{layer}attn.Wo.weight", [W, W]), ($"{layer}mlp_norm.weight", [W]), ($"{layer}mlp.Wi.weight", [2 * I, W]), ($"{layer}mlp.Wo.weight", [W, I])]);
        }
        return tensors;
    }

    private static IEnumerable<(string, long[])> Module(string name, long rows, long columns) =>
        rows == 0 ? Both(name, columns) : [($"{name}.weight", [rows, columns]), ($"{name}.bias", [rows])];

    private static IEnumerable<(string, long[])> Both(string name, long length) => [($"{name}.weight", [length]), ($"{name}.bias", [length])];

    private static IEnumerable<string> Both(params string[] names) => names.SelectMany(n => new[] { $"{n}.weight", $"{n}.bias" });

    private static ModelMetadata Sound(ModelSource source)
    {
        Assert.Empty(source.Metadata.Problems);
        Assert.Empty(source.Warnings);
        return source.Metadata;
    }

    private static void Named(ModelSource source, IEnumerable<string> names) =>
        Assert.Equal(names.Order(StringComparer.Ordinal), source.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
}
