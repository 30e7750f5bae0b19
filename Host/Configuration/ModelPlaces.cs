namespace Tessera.Host.Configuration;

/// <summary>Where the values of an entry of <c>models.list</c> stand, for what is found wrong with them when the model is built. Any two are equal: a line that is put in above changes no model.</summary>
internal sealed class ModelPlaces : IEquatable<ModelPlaces>
{
    /// <summary>Of a model that no file names.</summary>
    public static readonly ModelPlaces None = new([]);

    private readonly (string Key, string Text)[] _places;

    /// <param name="values">The values that the entry has.</param>
    public ModelPlaces(IEnumerable<ConfigurationValue?> values) => _places = [.. values.OfType<ConfigurationValue>().Select(v => (v.Key[(v.Key.LastIndexOf('.') + 1)..], $"{v.At} {v.Key}"))];

    /// <summary>An error of a key: where its value stands, the key, and the message.</summary>
    /// <param name="model">The model's name; said where the key stands in no file.</param>
    /// <param name="key">The key, such as <c>draft</c>.</param>
    /// <param name="message">What was expected and what was found.</param>
    public string Describe(string model, string key, string message) => $"{_places.FirstOrDefault(p => p.Key == key).Text ?? $"model '{model}': {key}"}: {message}";

    /// <inheritdoc/>
    public bool Equals(ModelPlaces? other) => other is not null;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ModelPlaces;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;
}
