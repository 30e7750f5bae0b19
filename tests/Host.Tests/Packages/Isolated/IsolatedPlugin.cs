using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using YamlDotNet.RepresentationModel;

namespace Tessera.Test.Isolated;

/// <summary>Says which version of its private package it sees (as the longest draft), and what its native library answers (as the entry point of a tile).</summary>
public sealed class IsolatedPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        services.AddSingleton<IDecodingStrategy, PackageVersion>();
        services.AddSingleton<ITileSource, NativeAnswer>();
    }
}

internal sealed class PackageVersion : IDecodingStrategy
{
    // Parses something: the package is not only loaded, it works.
    public int MaxDraft
    {
        get
        {
            YamlStream yaml = [];
            yaml.Load(new StringReader("one: 1"));
            return yaml.Documents.Count * yaml.GetType().Assembly.GetName().Version!.Major;
        }
    }

    public IReadOnlyList<string> Sources { get; } = ["none"];

    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
    }

    public void Verified(long sequence, int proposed, int accepted)
    {
    }

    public void Ended(long sequence)
    {
    }
}

internal sealed class NativeAnswer : ITileSource
{
    public ITile? TryGet(string layout) => layout == "answer" ? new Tile(Answer()) : null;

    [DllImport("tessera_probe", EntryPoint = "tessera_probe")]
    private static extern int Answer();

    private sealed class Tile(int answer) : ITile
    {
        public nint EntryPoint => answer;

        public string Description => "the answer of the native library";

        public void Dispose()
        {
        }
    }
}
