using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Models;

/// <summary>The Llama's forward, and its backward written out.</summary>
internal sealed unsafe class Network(Weights weights, int maximum)
{
    private readonly Rotary _rotary = new(maximum);
    private readonly Shape _shape = weights.Shape;

    public Weights Weights => weights;

    /// <summary>Fills <see cref="Activations.Logits"/> from row <paramref name="firstLogits"/> on; conversations begin at <paramref name="starts"/>.</summary>
    public void Forward(ReadOnlySpan<int> ids, ReadOnlySpan<int> starts, Activations a, int firstLogits = 0)
    {
        int n = ids.Length, width = _shape.Width;
        float* x = _shape.Layers > 0 ? a.Layers[0].X.Data : a.X.Data;
        for (int t = 0; t < n; t++)
            Copy(W("token_embd") + (long)ids[t] * width, x + (long)t * width, width);
        for (int i = 0; i < _shape.Layers; i++)
        {
            LayerActivations l = a.Layers[i];
            Norm($"blk.{i}.attn_norm", l.X, l.H1, l.Inverse1, n);
            Linear($"blk.{i}.attn_q", l.H1, l.Q, n, a);
            Linear($"blk.{i}.attn_k", l.H1, l.K, n, a);
            Linear($"blk.{i}.attn_v", l.H1, l.V, n, a);
            _rotary.Turn(l.Q.Data, n, _shape.Heads, 1);
            _rotary.Turn(l.K.Data, n, _shape.KeyHeads, 1);
            Attention.Forward(_shape, l, a.Gemm, n, starts);
            Copy(l.X.Data, l.X2.Data, n * width);
            Linear($"blk.{i}.attn_output", l.O, l.X2, n, a, add: true);
            Norm($"blk.{i}.ffn_norm", l.X2, l.H2, l.Inverse2, n);
            Linear($"blk.{i}.ffn_gate", l.H2, l.Gate, n, a);
            Linear($"blk.{i}.ffn_up", l.H2, l.Up, n, a);
            Rows.SwiGlu(l.Gate.Data, l.Up.Data, l.Act.Data, (long)n * _shape.Inner);
            NativeBuffer next = i + 1 < _shape.Layers ? a.Layers[i + 1].X : a.X;
            Copy(l.X2.Data, next.Data, n * width);
            Linear($"blk.{i}.ffn_down", l.Act, next, n, a, add: true);
        }
        Norm("output_norm", a.X, a.H, a.Inverse, n);
        Matrix hidden = new(a.H.Data + (long)firstLogits * width, n - firstLogits, width);
        a.Gemm.Multiply(hidden, Matrix("token_embd").T, new Matrix(a.Logits.Data + (long)firstLogits * Shape.Vocabulary, n - firstLogits, Shape.Vocabulary));
    }

    /// <summary>Adds to <paramref name="gradients"/>, which are laid out as the weights; <see cref="Activations.Logits"/> hold the loss's gradient of the logits.</summary>
    public void Backward(ReadOnlySpan<int> ids, ReadOnlySpan<int> starts, Activations a, float* gradients)
    {
        int n = ids.Length, width = _shape.Width;
        Matrix dLogits = new(a.Logits.Data, n, Shape.Vocabulary);
        a.Gemm.Multiply(dLogits, Matrix("token_embd"), new Matrix(a.DH.Data, n, width));
        a.Gemm.Multiply(dLogits.T, new Matrix(a.H.Data, n, width), Gradient("token_embd", gradients), add: true);
        new Span<float>(a.DX.Data, n * width).Clear();
        NormBack("output_norm", a.X, a.Inverse, a, n, gradients);
        for (int i = _shape.Layers - 1; i >= 0; i--)
        {
            LayerActivations l = a.Layers[i];
            LinearBack($"blk.{i}.ffn_down", l.Act, a.DX, a.DAct, n, a, gradients);
            Rows.SwiGluBack(l.Gate.Data, l.Up.Data, a.DAct.Data, a.DUp.Data, (long)n * _shape.Inner);
            LinearBack($"blk.{i}.ffn_gate", l.H2, a.DAct, a.DH, n, a, gradients);
            LinearBack($"blk.{i}.ffn_up", l.H2, a.DUp, a.DH, n, a, gradients, add: true);
            NormBack($"blk.{i}.ffn_norm", l.X2, l.Inverse2, a, n, gradients);
            LinearBack($"blk.{i}.attn_output", l.O, a.DX, a.DO, n, a, gradients);
            Attention.Backward(_shape, l, a, n, starts);
            _rotary.Turn(a.DQ.Data, n, _shape.Heads, -1);
            _rotary.Turn(a.DK.Data, n, _shape.KeyHeads, -1);
            LinearBack($"blk.{i}.attn_q", l.H1, a.DQ, a.DH, n, a, gradients);
            LinearBack($"blk.{i}.attn_k", l.H1, a.DK, a.DH, n, a, gradients, add: true);
            LinearBack($"blk.{i}.attn_v", l.H1, a.DV, a.DH, n, a, gradients, add: true);
            NormBack($"blk.{i}.attn_norm", l.X, l.Inverse1, a, n, gradients);
        }
        float* embedding = gradients + weights.Layout["token_embd"].Offset;
        for (int t = 0; t < n; t++)
            Rows.AddScaled(1, a.DX.Data + (long)t * width, embedding + (long)ids[t] * width, width);
    }

    private static void Copy(float* from, float* to, int count) => new Span<float>(from, count).CopyTo(new Span<float>(to, count));

    private float* W(string name) => weights[weights.Layout[name]];

    private Matrix Matrix(string name)
    {
        Tensor tensor = weights.Layout[name];
        return new Matrix(weights[tensor], tensor.Inputs, tensor.Outputs);
    }

    private Matrix Gradient(string name, float* gradients)
    {
        Tensor tensor = weights.Layout[name];
        return new Matrix(gradients + tensor.Offset, tensor.Inputs, tensor.Outputs);
    }

    private void Norm(string name, NativeBuffer x, NativeBuffer y, NativeBuffer inverse, int n)
    {
        float* g = W(name);
        for (int t = 0; t < n; t++)
            inverse.Data[t] = Rows.Norm(x.Data + (long)t * _shape.Width, g, y.Data + (long)t * _shape.Width, _shape.Width, Shape.Epsilon);
    }

    /// <summary>From DH, adds to DX.</summary>
    private void NormBack(string name, NativeBuffer x, NativeBuffer inverse, Activations a, int n, float* gradients)
    {
        float* g = W(name), dg = gradients + weights.Layout[name].Offset;
        for (int t = 0; t < n; t++)
        {
            long at = (long)t * _shape.Width;
            Rows.NormBack(x.Data + at, g, inverse.Data[t], a.DH.Data + at, a.DX.Data + at, dg, _shape.Width);
        }
    }

    private void Linear(string name, NativeBuffer x, NativeBuffer y, int n, Activations a, bool add = false)
    {
        Matrix w = Matrix(name);
        a.Gemm.Multiply(new Matrix(x.Data, n, w.Rows), w, new Matrix(y.Data, n, w.Columns), add);
    }

    private void LinearBack(string name, NativeBuffer x, NativeBuffer dy, NativeBuffer dx, int n, Activations a, float* gradients, bool add = false)
    {
        Matrix w = Matrix(name), down = new(dy.Data, n, w.Columns);
        a.Gemm.Multiply(down, w.T, new Matrix(dx.Data, n, w.Rows), add);
        a.Gemm.Multiply(new Matrix(x.Data, n, w.Rows).T, down, Gradient(name, gradients), add: true);
    }
}
