using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>Builds the graph of one model family.</summary>
public interface IModelArchitecture
{
    /// <summary>The architecture names (<see cref="ModelMetadata.Architecture"/>) that it builds.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Whether the model is one of this family, which more than one family may be named for: GGUF calls Mixtral <c>llama</c>. Without a word on it, every model of <see cref="Names"/> is.</summary>
    /// <param name="metadata">The model's numbers, not checked yet.</param>
    bool Builds(ModelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return Names.Contains(metadata.Architecture, StringComparer.Ordinal);
    }

    /// <summary>Builds the graph. Checks every hyperparameter and every tensor's shape first; allocates nothing by an unchecked number.</summary>
    /// <param name="source">The model.</param>
    /// <param name="contextLength">The context that the model will run with, in tokens; some families choose their rotary factors by it.</param>
    /// <exception cref="ModelFormatException">A hyperparameter or tensor is missing, out of range or of the wrong shape; the text names it.</exception>
    /// <exception cref="UnsupportedModelException">The model asks for a variant that the family's builder does not have.</exception>
    ModelGraph Build(ModelSource source, int contextLength);
}
