namespace Tessera.Conformance.Fakes;

/// <summary>Quantizations by id, over a fixed list.</summary>
public sealed class QuantizationRegistry : IQuantizationRegistry
{
    private readonly Dictionary<string, IQuantization> _byId = new(StringComparer.Ordinal);

    /// <summary>Takes the quantizations.</summary>
    /// <exception cref="ArgumentException">Two have one id.</exception>
    public QuantizationRegistry(params IEnumerable<IQuantization> quantizations)
    {
        ArgumentNullException.ThrowIfNull(quantizations);
        foreach (IQuantization quantization in quantizations)
            if (!_byId.TryAdd(quantization.Id, quantization))
                throw new ArgumentException($"quantization '{quantization.Id}' is given twice", nameof(quantizations));
    }

    /// <inheritdoc/>
    public IQuantization? Find(string id) => _byId.GetValueOrDefault(id);
}
