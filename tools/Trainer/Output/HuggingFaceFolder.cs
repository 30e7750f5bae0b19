using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Tokenizers;

namespace Tessera.Trainer.Output;

/// <summary>A model as a Hugging Face folder, as Transformers 5 writes it: BF16 safetensors and JSON.</summary>
internal static class HuggingFaceFolder
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string folder, Weights weights, Vocabulary vocabulary)
    {
        Save("config.json", Config(weights.Shape));
        Save("generation_config.json", new JsonObject { ["bos_token_id"] = Vocabulary.EndOfText, ["do_sample"] = false, ["eos_token_id"] = Vocabulary.End, ["pad_token_id"] = Vocabulary.EndOfText });
        Save("tokenizer.json", Tokenizer(vocabulary));
        Save("tokenizer_config.json", new JsonObject
        {
            ["add_prefix_space"] = false,
            ["bos_token"] = "<|endoftext|>",
            ["chat_template"] = ChatMl.Template,
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = "<|im_end|>",
            ["model_max_length"] = Packs.Length,
            ["pad_token"] = "<|endoftext|>",
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        });
        Safetensors.Write(Path.Combine(folder, "model.safetensors"), weights.Layout.Tensors.Select(t => Named(weights, t)));

        void Save(string name, JsonObject json) => AtomicFile.Write(Path.Combine(folder, name), json.ToJsonString(Readable) + "\n");
    }

    private static (string Name, int[] Shape, float[] Values) Named(Weights weights, Tensor tensor)
    {
        float[] values = Exported.Values(weights, tensor);
        string[] parts = tensor.Name.Split('.');
        string name = parts[^1] switch
        {
            "token_embd" => "embed_tokens",
            "output_norm" => "norm",
            "attn_norm" => "input_layernorm",
            "attn_q" => "self_attn.q_proj",
            "attn_k" => "self_attn.k_proj",
            "attn_v" => "self_attn.v_proj",
            "attn_output" => "self_attn.o_proj",
            "ffn_norm" => "post_attention_layernorm",
            "ffn_gate" => "mlp.gate_proj",
            "ffn_up" => "mlp.up_proj",
            "ffn_down" => "mlp.down_proj",
            string other => throw new InvalidOperationException($"tensor '{other}' has no name there"),
        };
        if (parts[^1] is "attn_q" or "attn_k")
            values = Exported.Halved(values, tensor.Inputs);
        int[] shape = tensor.IsNorm ? [tensor.Outputs] : tensor.IsEmbedding ? [tensor.Inputs, tensor.Outputs] : [tensor.Outputs, tensor.Inputs];
        return ($"model.{(parts.Length == 3 ? $"layers.{parts[1]}." : "")}{name}.weight", shape, values);
    }

    private static JsonObject Config(Shape shape) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["attention_bias"] = false,
        ["attention_dropout"] = 0.0,
        ["bos_token_id"] = Vocabulary.EndOfText,
        ["dtype"] = "bfloat16",
        ["eos_token_id"] = Vocabulary.End,
        ["head_dim"] = Shape.HeadSize,
        ["hidden_act"] = "silu",
        ["hidden_size"] = shape.Width,
        ["initializer_range"] = 0.02,
        ["intermediate_size"] = shape.Inner,
        ["max_position_embeddings"] = Packs.Length,
        ["mlp_bias"] = false,
        ["model_type"] = "llama",
        ["num_attention_heads"] = shape.Heads,
        ["num_hidden_layers"] = shape.Layers,
        ["num_key_value_heads"] = shape.KeyHeads,
        ["pad_token_id"] = Vocabulary.EndOfText,
        ["rms_norm_eps"] = 1e-5,
        ["rope_parameters"] = new JsonObject { ["rope_theta"] = Shape.RopeBase, ["rope_type"] = "default" },
        ["tie_word_embeddings"] = true,
        ["use_cache"] = true,
        ["vocab_size"] = Vocabulary.Size,
    };

    private static JsonObject Tokenizer(Vocabulary vocabulary)
    {
        JsonObject ids = [];
        for (int i = 0; i < Vocabulary.EndOfText; i++)
            ids[vocabulary.Spellings[i]] = i;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Vocabulary.Special.Select((t, i) => new JsonObject
            {
                ["id"] = Vocabulary.EndOfText + i,
                ["content"] = t,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = true,
            })]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, ByteLevel(useRegex: true)),
            },
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(useRegex: true),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = ids,
                ["merges"] = new JsonArray([.. vocabulary.Merges.Select(m => new JsonArray(vocabulary.Spellings[m.Left], vocabulary.Spellings[m.Right]))]),
            },
        };
    }

    private static JsonObject ByteLevel(bool useRegex) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = useRegex };
}
