using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Tokenizers;

namespace Tessera.Trainer.Output;

/// <summary>A model as GGUF: matrices in Q8_0, norms in F32.</summary>
internal static class GgufModel
{
    private const uint MostlyQ80 = 7;
    private const int Normal = 1, Control = 3;

    public static void Write(string path, Weights weights, Vocabulary vocabulary)
    {
        using MemoryStream stream = new();
        GgufFile gguf = new(stream);
        Shape shape = weights.Shape;
        gguf.Add("general.architecture", "llama");
        gguf.Add("general.name", $"Tessera {shape.Name}");
        gguf.Add("general.description", "Trained from scratch by Tessera's authors on their own small corpus; see models/README.md.");
        gguf.Add("general.license", "mit");
        gguf.Add("general.file_type", MostlyQ80);
        gguf.Add("general.quantization_version", 2u);
        gguf.Add("general.alignment", 32u);
        gguf.Add("llama.vocab_size", Vocabulary.Size);
        gguf.Add("llama.context_length", Packs.Length);
        gguf.Add("llama.embedding_length", (uint)shape.Width);
        gguf.Add("llama.block_count", (uint)shape.Layers);
        gguf.Add("llama.feed_forward_length", (uint)shape.Inner);
        gguf.Add("llama.attention.head_count", (uint)shape.Heads);
        gguf.Add("llama.attention.head_count_kv", (uint)shape.KeyHeads);
        gguf.Add("llama.attention.layer_norm_rms_epsilon", Shape.Epsilon);
        gguf.Add("llama.rope.dimension_count", Shape.HeadSize);
        gguf.Add("llama.rope.freq_base", Shape.RopeBase);
        gguf.Add("tokenizer.ggml.model", "gpt2");
        gguf.Add("tokenizer.ggml.pre", "smollm");
        gguf.Add("tokenizer.ggml.tokens", vocabulary.Spellings);
        gguf.Add("tokenizer.ggml.token_type", [.. Enumerable.Range(0, Vocabulary.Size).Select(i => i < Vocabulary.EndOfText ? Normal : Control)]);
        gguf.Add("tokenizer.ggml.merges", vocabulary.SpelledMerges);
        gguf.Add("tokenizer.ggml.bos_token_id", Vocabulary.EndOfText);
        gguf.Add("tokenizer.ggml.eos_token_id", Vocabulary.End);
        gguf.Add("tokenizer.ggml.padding_token_id", Vocabulary.EndOfText);
        gguf.Add("tokenizer.ggml.add_bos_token", false);
        gguf.Add("tokenizer.chat_template", ChatMl.Template);
        foreach (Tensor tensor in weights.Layout.Tensors)
        {
            float[] values = Exported.Values(weights, tensor);
            if (tensor.IsNorm)
                gguf.AddVector($"{tensor.Name}.weight", values);
            else
                gguf.AddMatrix($"{tensor.Name}.weight", tensor.IsEmbedding ? tensor.Inputs : tensor.Outputs, tensor.IsEmbedding ? tensor.Outputs : tensor.Inputs, values);
        }
        gguf.Write();
        AtomicFile.Write(path, file => stream.WriteTo(file));
    }
}
