using Tessera.Engine.Graphs;

namespace Tessera.Engine.Architectures.Blocks;

/// <summary>How a sequence's rows become an embedding or scores: the pool, and the products behind it.</summary>
internal static class Pooling
{
    private const int MaxWidth = 1 << 20;

    /// <summary>The pooled value, or null where the files say nothing of pooling.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    public static GraphValue? Of(Decoder model, GraphValue hidden)
    {
        PoolingMetadata pooling = model.Metadata.Pooling;
        if (pooling.Kind == PoolingKind.None)
            return null;
        GraphBuilder graph = model.Graph;
        GraphValue x = graph.Pool("pool", hidden, pooling.Kind);
        if (pooling.IsClassifier)
            return Classify(model, x, pooling.ClassifierActivation);
        foreach (PooledProduct product in pooling.Products)
            x = Activate(graph, product.Name, Linear(model, product.Name, x), product.Activation);
        return x;
    }

    // A product with a nonlinearity and perhaps a norm, then the scores'; one of the two products may be all that there is.
    private static GraphValue Classify(Decoder model, GraphValue x, Activation? activation)
    {
        GraphBuilder graph = model.Graph;
        if (graph.Has("cls.weight"))
            x = Activate(graph, "cls", Linear(model, "cls", x), activation);
        else if (!graph.Has("cls.output.weight"))
            throw new ModelFormatException($"{model.Metadata.Architecture}: tensor 'cls.output.weight' is missing (or 'cls.weight'): scores are pooled, and no classifier makes them");
        if (graph.Has("cls.norm.weight"))
            x = graph.LayerNorm("cls.norm", x, graph.Weight("cls.norm.weight", x.Width), graph.Optional("cls.norm.bias", x.Width), model.Metadata.NormEpsilon);
        return graph.Has("cls.output.weight") ? Linear(model, "cls.output", x) : x;
    }

    private static GraphValue Linear(Decoder model, string name, GraphValue x)
    {
        WeightTensor weight = model.Graph.Matrix($"{name}.weight", x.Width);
        if (weight.Rows > MaxWidth)
            throw new ModelFormatException($"{model.Metadata.Architecture}: tensor '{name}.weight' {weight.ShapeText}: expected at most {MaxWidth} rows");
        return model.Graph.Linear(name, x, weight, model.Graph.Optional($"{name}.bias", weight.Rows));
    }

    private static GraphValue Activate(GraphBuilder graph, string name, GraphValue x, Activation? activation) =>
        activation is { } nonlinearity ? graph.Activate($"{name}_act", x, nonlinearity) : x;
}
