using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Encoders;

/// <summary>Small relatives of BERT of seeded random weights as Hugging Face folders: embedding models.</summary>
internal sealed class BertFolder
{
    private const int Width = 64, Inner = 96, Layers = 3, Context = 64;

    private readonly Random _random = new(19);
    private readonly SafetensorsWriter _writer = new();

    /// <summary>Writes a folder.</summary>
    /// <param name="kind"><c>distilbert</c>, <c>roberta</c>, <c>nomic</c>, or the latter with biases: <c>nomic, attention biases</c>, <c>nomic, all biases</c>.</param>
    public static TemporaryTree Write(string kind)
    {
        TemporaryTree folder = new();
        // RoBERTa's tokens are bytes joined; the others have BERT's words.
        int vocabulary = kind == "roberta" ? ModernBertFolder.WriteTokenizer(folder) : CopyWords(folder);
        BertFolder it = new();
        string config = kind switch
        {
            "distilbert" => it.DistilBert(vocabulary),
            "roberta" => it.Roberta(vocabulary),
            _ => it.Nomic(vocabulary, kind.Contains("biases", StringComparison.Ordinal), kind.Contains("all biases", StringComparison.Ordinal)),
        };
        File.WriteAllText(folder["config.json"], config);
        File.WriteAllBytes(folder["model.safetensors"], it._writer.ToBytes());
        File.WriteAllText(folder["modules.json"], """[{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]""");
        Directory.CreateDirectory(folder["1_Pooling"]);
        File.WriteAllText(folder["1_Pooling/config.json"], """{"pooling_mode_mean_tokens": true}""");
        return folder;
    }

    private static int CopyWords(TemporaryTree folder)
    {
        string words = Shared.Require("fixtures", "hf-models", "bert_embedding");
        foreach (string file in (string[])["tokenizer.json", "tokenizer_config.json"])
            File.Copy(Path.Combine(words, file), folder[file]);
        return File.ReadAllLines(Path.Combine(words, "vocab.txt")).Length;
    }

    private string DistilBert(int vocabulary)
    {
        Matrix("embeddings.word_embeddings", vocabulary, Width);
        Matrix("embeddings.position_embeddings", Context, Width);
        Norm("embeddings.LayerNorm");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"transformer.layer.{i}.";
            foreach (string name in (string[])["q_lin", "k_lin", "v_lin", "out_lin"])
                Linear($"{layer}attention.{name}", Width, Width);
            Norm($"{layer}sa_layer_norm");
            Linear($"{layer}ffn.lin1", Inner, Width);
            Linear($"{layer}ffn.lin2", Width, Inner);
            Norm($"{layer}output_layer_norm");
        }
        return $$"""{"architectures": ["DistilBertModel"], "model_type": "distilbert", "vocab_size": {{vocabulary}}, "dim": {{Width}}, "hidden_dim": {{Inner}}, "n_layers": {{Layers}}, "n_heads": 4, "max_position_embeddings": {{Context}}, "activation": "gelu"}""";
    }

    private string Roberta(int vocabulary)
    {
        Matrix("embeddings.word_embeddings", vocabulary, Width);
        Matrix("embeddings.position_embeddings", Context + 2, Width);
        Matrix("embeddings.token_type_embeddings", 1, Width);
        Norm("embeddings.LayerNorm");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"encoder.layer.{i}.";
            foreach (string name in (string[])["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"])
                Linear($"{layer}{name}", Width, Width);
            Norm($"{layer}attention.output.LayerNorm");
            Linear($"{layer}intermediate.dense", Inner, Width);
            Linear($"{layer}output.dense", Width, Inner);
            Norm($"{layer}output.LayerNorm");
        }
        return $$"""{"architectures": ["RobertaModel"], "model_type": "roberta", "vocab_size": {{vocabulary}}, "hidden_size": {{Width}}, "intermediate_size": {{Inner}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 4, "max_position_embeddings": {{Context + 2}}, "type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-05}""";
    }

    private string Nomic(int vocabulary, bool attentionBiases, bool innerBiases)
    {
        Matrix("embeddings.word_embeddings", vocabulary, Width);
        Matrix("embeddings.token_type_embeddings", 2, Width);
        Norm("emb_ln");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"encoder.layers.{i}.";
            Linear($"{layer}attn.Wqkv", 3 * Width, Width, attentionBiases);
            Linear($"{layer}attn.out_proj", Width, Width, attentionBiases);
            Norm($"{layer}norm1");
            Linear($"{layer}mlp.fc11", Inner, Width, innerBiases);
            Linear($"{layer}mlp.fc12", Inner, Width, innerBiases);
            Linear($"{layer}mlp.fc2", Width, Inner, innerBiases);
            Norm($"{layer}norm2");
        }
        string attention = attentionBiases ? "true" : "false", inner = innerBiases ? "true" : "false";
        return $$"""{"architectures": ["NomicBertModel"], "model_type": "nomic_bert", "activation_function": "swiglu", "vocab_size": {{vocabulary}}, "n_embd": {{Width}}, "n_inner": {{Inner}}, "n_layer": {{Layers}}, "n_head": 4, "n_positions": {{Context}}, "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0, "qkv_proj_bias": {{attention}}, "mlp_fc1_bias": {{inner}}, "mlp_fc2_bias": {{inner}}, "prenorm": false, "layer_norm_epsilon": 1e-12}""";
    }

    private void Linear(string name, int rows, int columns, bool bias = true)
    {
        Matrix(name, rows, columns);
        if (bias)
            _writer.Add($"{name}.bias", [rows], Values(rows, 0, 0.3));
    }

    private void Matrix(string name, int rows, int columns) => _writer.Add($"{name}.weight", [rows, columns], Values(rows * columns, 0, 1.5 / Math.Sqrt(columns)));

    private void Norm(string name)
    {
        _writer.Add($"{name}.weight", [Width], Values(Width, 1, 0.2));
        _writer.Add($"{name}.bias", [Width], Values(Width, 0, 0.3));
    }

    private float[] Values(int count, double center, double spread) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(center + spread * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble())))];
}
