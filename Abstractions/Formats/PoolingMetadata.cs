using Tessera.Abstractions.Graphs;

namespace Tessera.Abstractions.Formats;

/// <summary>How the rows of a sequence become one vector.</summary>
public enum PoolingKind
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>Their mean.</summary>
    Mean,
    /// <summary>The first one (BERT's CLS).</summary>
    First,
    /// <summary>The last one.</summary>
    Last,
}

/// <summary>How a model makes an embedding or a score of a text, as its files say.</summary>
public sealed record PoolingMetadata
{
    /// <summary>How rows become a vector; <see cref="PoolingKind.None"/>: the model makes none.</summary>
    public PoolingKind Kind { get; init; }

    /// <summary>Whether a classifier's scores are made of the vector: a reranker, where it has one.</summary>
    public bool IsClassifier { get; init; }

    /// <summary>The nonlinearity between the classifier's two products; null: none.</summary>
    public Activation? ClassifierActivation { get; init; } = Activation.Tanh;

    /// <summary>Products that follow the pooled vector of an embedding, in order.</summary>
    public IReadOnlyList<PooledProduct> Products { get; init; } = [];

    /// <summary>Whether an embedding is brought to length 1.</summary>
    public bool Normalizes { get; init; } = true;

    /// <summary>What makes a relevance of a classifier's scores.</summary>
    public ScoreFunction Scores { get; init; }

    /// <summary>Texts are cut to so many tokens, special ones included; 0: the files do not say.</summary>
    public int MaxTokens { get; init; }

    /// <summary>Whether texts become lower case before they become tokens, whatever the tokenizer does.</summary>
    public bool LowersText { get; init; }

    /// <summary>What is put in front of texts, by the name of a purpose such as <c>query</c>.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a mean is over a prompt's tokens too.</summary>
    public bool PromptsArePooled { get; init; } = true;

    /// <summary>The purpose that is meant where none is named; null: no prompt.</summary>
    public string? DefaultPrompt { get; init; }
}

/// <summary>What makes a relevance of a classifier's scores.</summary>
public enum ScoreFunction
{
    /// <summary>Nothing: the first score as it is.</summary>
    Identity,
    /// <summary>1 / (1 + e^−x) of the first score.</summary>
    Sigmoid,
    /// <summary>The first score's share of e^x over all scores.</summary>
    Softmax,
}

/// <summary>activation(W · x + b) on a pooled vector, with tensors <c>name.weight</c> and, where there is one, <c>name.bias</c>.</summary>
/// <param name="Name">The tensors' name.</param>
/// <param name="Activation">The nonlinearity; null: none.</param>
public sealed record PooledProduct(string Name, Activation? Activation);
