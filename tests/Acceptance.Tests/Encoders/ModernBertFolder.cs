using System.Text.Json.Nodes;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Encoders;

/// <summary>A small ModernBERT of seeded random weights as a Hugging Face folder, laid out as answerdotai/ModernBERT-base is: an embedding model, or a classifier of one label.</summary>
internal sealed class ModernBertFolder
{
    private const int Width = 64, Inner = 96, Layers = 4, Window = 8, Context = 64;

    /// <summary>Texts with words that are whole tokens, with others, and one that is longer than the window.</summary>
    public static readonly string[] Texts =
    [
        "", "the", "The fox runs in the garden.", "  spaces   and\nlines\n", "naïve café 日本", "it's 12345,[MASK] here", string.Join(' ', Enumerable.Repeat("the cat in the hat", 4)),
    ];

    private static readonly string[] Merges = ["t h", "th e", "Ġ the", "i n", "Ġ in", "a t", "Ġ c", "Ġc at", "e r", "Ġ a", "Ġa n", "Ġan d", "o x"];
    private static readonly string[] Special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"];

    private readonly Random _random = new(7);
    private readonly SafetensorsWriter _writer = new();

    /// <summary>Writes a folder.</summary>
    /// <param name="isClassifier">A classifier in place of an embedding model.</param>
    public static TemporaryTree Write(bool isClassifier = false)
    {
        ModernBertFolder it = new();
        TemporaryTree folder = new();
        int vocabulary = WriteTokenizer(folder);
        it.Weights(vocabulary, isClassifier);
        File.WriteAllBytes(folder["model.safetensors"], it._writer.ToBytes());
        File.WriteAllText(folder["config.json"], $$"""
            {"architectures": ["{{(isClassifier ? "ModernBertForSequenceClassification" : "ModernBertModel")}}"], "model_type": "modernbert", "vocab_size": {{vocabulary}}, "hidden_size": {{Width}}, "intermediate_size": {{Inner}},
            "num_hidden_layers": {{Layers}}, "num_attention_heads": 4, "max_position_embeddings": {{Context}}, "local_attention": {{Window}}, "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0,
            "hidden_activation": "gelu", "norm_eps": 1e-05, "attention_bias": false, "mlp_bias": false, "norm_bias": false, "classifier_pooling": "mean", "num_labels": 1}
            """);
        if (isClassifier)
            return folder;
        File.WriteAllText(folder["modules.json"], """[{"path": "", "type": "sentence_transformers.models.Transformer"}, {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]""");
        Directory.CreateDirectory(folder["1_Pooling"]);
        File.WriteAllText(folder["1_Pooling/config.json"], """{"pooling_mode_cls_token": true}""");
        return folder;
    }

    private void Weights(int vocabulary, bool isClassifier)
    {
        string prefix = isClassifier ? "model." : "";
        Matrix($"{prefix}embeddings.tok_embeddings", vocabulary, Width);
        Norm($"{prefix}embeddings.norm");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"{prefix}layers.{i}.";
            if (i > 0)
                Norm($"{layer}attn_norm");
            Matrix($"{layer}attn.Wqkv", 3 * Width, Width);
            Matrix($"{layer}attn.Wo", Width, Width);
            Norm($"{layer}mlp_norm");
            Matrix($"{layer}mlp.Wi", 2 * Inner, Width);
            Matrix($"{layer}mlp.Wo", Width, Inner);
        }
        Norm($"{prefix}final_norm");
        if (!isClassifier)
            return;
        Matrix("head.dense", Width, Width);
        Norm("head.norm");
        Matrix("classifier", 1, Width);
        _writer.Add("classifier.bias", [1], [0.25f]);
    }

    /// <summary>Writes a byte-level vocabulary.</summary>
    /// <returns>The number of its tokens.</returns>
    public static int WriteTokenizer(TemporaryTree folder)
    {
        JsonObject vocabulary = [];
        // GPT-2's alphabet: bytes that are not to be seen stand behind Latin-1.
        for (int value = 0, hidden = 256; value < 256; value++)
            vocabulary.Add(((char)(value is >= 33 and <= 126 or >= 161 and not 173 ? value : hidden++)).ToString(), value);
        foreach (string merge in Merges)
            vocabulary.Add(merge.Replace(" ", "", StringComparison.Ordinal), vocabulary.Count);
        int first = vocabulary.Count;
        JsonArray added = [.. Special.Select((text, i) => (JsonNode)new JsonObject
        {
            ["id"] = first + i, ["content"] = text, ["single_word"] = false, ["lstrip"] = text == "[MASK]", ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
        })];
        File.WriteAllText(folder["tokenizer.json"], $$$"""
            {"version": "1.0", "added_tokens": {{{added.ToJsonString()}}}, "normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
            "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [{{{first + 1}}}], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [{{{first + 2}}}], "tokens": ["[SEP]"]} } },
            "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": {{{vocabulary.ToJsonString()}}}, "merges": {{{new JsonArray([.. Merges.Select(m => (JsonNode)m)]).ToJsonString()}}}} }
            """);
        File.WriteAllText(folder["tokenizer_config.json"], """
            {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": true, "model_max_length": 48, "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
            """);
        return first + Special.Length;
    }

    private void Matrix(string name, int rows, int columns) => _writer.Add($"{name}.weight", [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(Gaussian() * 1.5 / Math.Sqrt(columns)))]);

    private void Norm(string name) => _writer.Add($"{name}.weight", [Width], [.. Enumerable.Range(0, Width).Select(_ => (float)(1 + 0.2 * Gaussian()))]);

    private double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
