using Tessera.Abstractions.Tokenizers;

namespace Tessera.Abstractions.Formats;

/// <summary>A model as its files describe it, in terms that no longer depend on the format. Holds no object of the format's own types.</summary>
public sealed class ModelSource
{
    /// <summary>The format's name, such as <c>gguf</c>.</summary>
    public required string Format { get; init; }

    /// <summary>Hyperparameters in canonical terms.</summary>
    public required ModelMetadata Metadata { get; init; }

    /// <summary>Every tensor, in the file's order; names are unique. Empty for a file that holds only a vocabulary.</summary>
    public required WeightTensor[] Tensors { get; init; }

    /// <summary>The tokenizer's assets, or null where the files have none.</summary>
    public TokenizerAssets? Tokenizer { get; init; }

    /// <summary>The Jinja chat template, or null where the files have none.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>The Jinja chat template for conversations with tools, where the files have one beside the other.</summary>
    public string? ToolChatTemplate { get; init; }

    /// <summary>What is odd about the files but no error, such as a tensor that the model has no use for; each names what it is about.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Files that are missing or cannot be read, each of which names the file; they are among the metadata's problems too. What the other files say can still be looked at.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Everything that the file says, by the file's own keys, for people to look at; long arrays keep their length and first entries only.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}
