namespace Tessera.Trainer.Models;

/// <summary>The sizes of a Llama with tied embeddings.</summary>
internal sealed record Shape(string Name, int Width, int Layers, int Heads, int KeyHeads, int Inner)
{
    public const int HeadSize = 64, Vocabulary = Tokenizers.Vocabulary.Size;

    public const float Epsilon = 1e-5f, RopeBase = 10_000;

    /// <summary>Row lengths are multiples of 256, so that every quantization type fits.</summary>
    public static Shape Demo { get; } = new("demo", Width: 256, Layers: 4, Heads: 4, KeyHeads: 2, Inner: 768);

    public static Shape Draft { get; } = new("draft", Width: 128, Layers: 2, Heads: 2, KeyHeads: 1, Inner: 384);

    public int QueryWidth => Heads * HeadSize;

    public int KeyWidth => KeyHeads * HeadSize;
}

/// <summary>A tensor of the model: <paramref name="Inputs"/> × <paramref name="Outputs"/>, so that y = x·W; a norm has one input. The embedding has a row for each token.</summary>
internal sealed record Tensor(string Name, int Inputs, int Outputs, long Offset)
{
    public long Count => (long)Inputs * Outputs;

    public bool IsNorm => Inputs == 1;

    public bool IsEmbedding => Name == "token_embd";
}

/// <summary>Where each tensor lies in the one buffer of weights; names are GGUF's, without <c>.weight</c>.</summary>
internal sealed class Layout
{
    private readonly Dictionary<string, Tensor> _byName;

    public Layout(Shape shape)
    {
        List<Tensor> all = [];
        long at = 0;
        Add("token_embd", Shape.Vocabulary, shape.Width);
        for (int i = 0; i < shape.Layers; i++)
        {
            Add($"blk.{i}.attn_norm", 1, shape.Width);
            Add($"blk.{i}.attn_q", shape.Width, shape.QueryWidth);
            Add($"blk.{i}.attn_k", shape.Width, shape.KeyWidth);
            Add($"blk.{i}.attn_v", shape.Width, shape.KeyWidth);
            Add($"blk.{i}.attn_output", shape.QueryWidth, shape.Width);
            Add($"blk.{i}.ffn_norm", 1, shape.Width);
            Add($"blk.{i}.ffn_gate", shape.Width, shape.Inner);
            Add($"blk.{i}.ffn_up", shape.Width, shape.Inner);
            Add($"blk.{i}.ffn_down", shape.Inner, shape.Width);
        }
        Add("output_norm", 1, shape.Width);
        Tensors = all;
        Count = at;
        _byName = all.ToDictionary(t => t.Name);

        void Add(string name, int inputs, int outputs)
        {
            all.Add(new Tensor(name, inputs, outputs, at));
            at += (long)inputs * outputs;
        }
    }

    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>How many weights there are.</summary>
    public long Count { get; }

    public Tensor this[string name] => _byName[name];
}
