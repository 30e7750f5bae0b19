using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>A tokenizer in use. Owns the leases on the plugins that it needs, and the model's files where it came with a model.</summary>
public sealed class OpenTokenizer : IDisposable
{
    private readonly IDisposable _owner;

    private OpenTokenizer(ITokenizer tokenizer, IDisposable owner) => (Tokenizer, _owner) = (tokenizer, owner);

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The tokenizer of a model, which it owns from now on.</summary>
    public static OpenTokenizer Open(OpenModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            return new(model.CreateTokenizer(), model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The tokenizer of some files.</summary>
    /// <param name="assets">The files.</param>
    /// <param name="plugins">The loaded plugins.</param>
    /// <param name="name">What messages call it.</param>
    public static OpenTokenizer Open(TokenizerAssets assets, PluginHost plugins, string name)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        PluginLeases leases = new(plugins.Generations);
        try
        {
            return new(Create(assets, leases, name), leases);
        }
        catch
        {
            leases.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    /// <summary>Builds a tokenizer with the first factory that knows its kind.</summary>
    internal static ITokenizer Create(TokenizerAssets assets, PluginLeases leases, string name)
    {
        ITokenizerFactory factory = leases.Find(c => c.TokenizerFactories.FirstOrDefault(f => Boundary.Call("a tokenizer factory", () => f.CanCreate(assets))))
            ?? throw new UnsupportedModelException($"{name}: no loaded plugin has a tokenizer of kind '{assets.Model}'; {leases.Loaded}");
        return Boundary.Call($"the tokenizer of kind '{assets.Model}'", () => factory.Create(assets));
    }
}
