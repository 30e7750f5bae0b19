using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Conformance.Checks;

/// <summary>What one plugin provides, for its checks; not to be kept beyond them.</summary>
public sealed class PluginParts
{
    /// <summary>Its formats.</summary>
    public IReadOnlyList<IWeightFormat> Formats { get; init; } = [];

    /// <summary>Its quantizations.</summary>
    public IReadOnlyList<IQuantization> Quantizations { get; init; } = [];

    /// <summary>Its backends.</summary>
    public IReadOnlyList<IKernelBackend> Backends { get; init; } = [];

    /// <summary>Its tokenizers' factories.</summary>
    public IReadOnlyList<ITokenizerFactory> TokenizerFactories { get; init; } = [];

    /// <summary>The kinds of tokenizers that its manifest names; each must have a sample.</summary>
    public IReadOnlyList<string> TokenizerKinds { get; init; } = [];

    /// <summary>Makes a decoding strategy, or null where it has none.</summary>
    public Func<IDecodingStrategy?> CreateStrategy { get; init; } = () => null;

    /// <summary>What a plugin has registered.</summary>
    /// <param name="services">The container, built from what <see cref="IPlugin.Configure"/> added.</param>
    /// <param name="tokenizerKinds">The kinds of tokenizers that its manifest names.</param>
    public static PluginParts From(IServiceProvider services, params IEnumerable<string> tokenizerKinds) => new()
    {
        Formats = [.. services.GetServices<IWeightFormat>()],
        Quantizations = [.. services.GetServices<IQuantization>()],
        Backends = [.. services.GetServices<IKernelBackend>()],
        TokenizerFactories = [.. services.GetServices<ITokenizerFactory>()],
        TokenizerKinds = [.. tokenizerKinds],
        CreateStrategy = services.GetService<IDecodingStrategy>,
    };
}
