namespace Tessera.Engine.Embeddings;

/// <summary>What becomes of a pooled vector: an embedding or a relevance.</summary>
public static class Vectors
{
    /// <summary>The first elements of a pooled vector, brought to length 1 where the model says so. Fewer than all are an embedding of a model that was trained for it (arXiv 2205.13147).</summary>
    /// <param name="pooled">The vector.</param>
    /// <param name="dimensions">How many elements are kept.</param>
    /// <param name="normalize">Whether the result has length 1; a vector of zeros stays one.</param>
    public static float[] Embedding(IReadOnlyList<float> pooled, int dimensions, bool normalize)
    {
        ArgumentNullException.ThrowIfNull(pooled);
        float[] embedding = new float[dimensions];
        double squares = 0;
        for (int i = 0; i < dimensions; i++)
        {
            embedding[i] = pooled[i];
            squares += (double)pooled[i] * pooled[i];
        }
        if (normalize && squares > 0)
            for (int i = 0; i < dimensions; i++)
                embedding[i] = (float)(embedding[i] / Math.Sqrt(squares));
        return embedding;
    }

    /// <summary>The relevance that a classifier's scores stand for.</summary>
    public static double Relevance(IReadOnlyList<float> scores, ScoreFunction function)
    {
        ArgumentNullException.ThrowIfNull(scores);
        double highest = scores.Max();
        return function switch
        {
            ScoreFunction.Sigmoid => 1 / (1 + Math.Exp(-scores[0])),
            ScoreFunction.Softmax => Math.Exp(scores[0] - highest) / scores.Sum(s => Math.Exp(s - highest)),
            _ => scores[0],
        };
    }
}
