using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Models;

/// <summary>What one layer's forward keeps for its backward.</summary>
internal sealed record LayerActivations(NativeBuffer X, NativeBuffer H1, NativeBuffer Inverse1, NativeBuffer Q, NativeBuffer K, NativeBuffer V, NativeBuffer P, NativeBuffer O, NativeBuffer X2, NativeBuffer H2,
    NativeBuffer Inverse2, NativeBuffer Gate, NativeBuffer Up, NativeBuffer Act);

/// <summary>The memory of one thread's passes over one sequence.</summary>
internal sealed class Activations : IDisposable
{
    private readonly List<NativeBuffer> _all = [];

    public Activations(Shape shape, int length)
    {
        Length = length;
        int width = length * shape.Width, query = length * shape.QueryWidth, key = length * shape.KeyWidth, inner = length * shape.Inner;
        for (int i = 0; i < shape.Layers; i++)
            Layers.Add(new(New(width), New(width), New(length), New(query), New(key), New(key), New((long)shape.Heads * length * length), New(query), New(width), New(width), New(length), New(inner), New(inner), New(inner)));
        X = New(width);
        H = New(width);
        Inverse = New(length);
        Logits = New((long)length * Shape.Vocabulary);
        DX = New(width);
        DH = New(width);
        DQ = New(query);
        DK = New(key);
        DV = New(key);
        DO = New(query);
        DP = New((long)Attention.Block * length);
        DAct = New(inner);
        DUp = New(inner);
    }

    public int Length { get; }

    public Gemm Gemm { get; } = new();

    public List<LayerActivations> Layers { get; } = [];

    public NativeBuffer X { get; }

    public NativeBuffer H { get; }

    public NativeBuffer Inverse { get; }

    public NativeBuffer Logits { get; }

    public NativeBuffer DX { get; }

    public NativeBuffer DH { get; }

    public NativeBuffer DQ { get; }

    public NativeBuffer DK { get; }

    public NativeBuffer DV { get; }

    public NativeBuffer DO { get; }

    public NativeBuffer DP { get; }

    public NativeBuffer DAct { get; }

    public NativeBuffer DUp { get; }

    public void Dispose()
    {
        _all.ForEach(b => b.Dispose());
        Gemm.Dispose();
    }

    private NativeBuffer New(long count)
    {
        NativeBuffer buffer = new(count);
        _all.Add(buffer);
        return buffer;
    }
}
