using Microsoft.Extensions.DependencyInjection;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>A GGUF file from disk with its graph.</summary>
internal sealed class GgufModel : IDisposable
{
    private readonly TestModelFiles _files;

    public GgufModel(string path, int context)
    {
        _files = TestModelFiles.OnDisk(path);
        ServiceCollection services = new();
        new FormatGgufPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        ModelSource source = provider.GetServices<IWeightFormat>().Single().Open(_files);
        Graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, context);
    }

    public ModelGraph Graph { get; }

    public void Dispose() => _files.Dispose();
}
