namespace Tessera.Format.Safetensors.Quantized;

/// <summary>One way in which a folder's weights are quantized: makes weights of the tensors that store them. Knows the files' own names only, and no model family.</summary>
internal interface IQuantizedScheme
{
    /// <summary>The scheme's name, for messages.</summary>
    string Name { get; }

    /// <summary>Endings of tensor names by which a quantized module is known, with their dot or underscore, such as <c>.qweight</c>.</summary>
    IReadOnlyList<string> Markers { get; }

    /// <summary>Whether a folder's quantization section is this scheme's.</summary>
    bool Takes(JsonSection section);

    /// <summary>The weight of a module, or null where the module is not quantized after all and its tensors are plain ones.</summary>
    /// <exception cref="ModelFormatException">The module's tensors contradict each other or the section; the text names scheme, module and tensor.</exception>
    /// <exception cref="UnsupportedModelException">A variant of the scheme that is not available; the text names it and the module.</exception>
    WeightTensor? Claim(StoredModule module, JsonSection section);
}
