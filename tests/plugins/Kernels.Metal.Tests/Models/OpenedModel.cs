using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.Kernels.Cpu;
using Tessera.Kernels.Metal.Tests.Kernels;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>A GGUF file with its graph, to be built by any backend.</summary>
internal sealed class OpenedModel : IDisposable
{
    private readonly TestModelFiles _files;
    private readonly InlineWorkTeam _team = new();

    public OpenedModel(string path, int context)
    {
        _files = TestModelFiles.OnDisk(path);
        ServiceCollection services = new();
        new FormatGgufPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        Source = provider.GetServices<IWeightFormat>().Single().Open(_files);
        Graph = BuiltIn.Find(Source.Metadata, BuiltIn.Architectures).Build(Source, context);
    }

    public ModelSource Source { get; }

    public ModelGraph Graph { get; }

    public IModelRuntime Build(IKernelBackend backend, RuntimeLimits limits, IMemoryBudget? budget = null) =>
        backend.Build(new BackendRequest { Graph = Graph, Limits = limits, Team = _team, Quantizations = Matrix.Quantizations(), KvBudget = budget ?? new FixedBudget() });

    /// <summary>The backend of <c>kernels.cpu</c>.</summary>
    public static IKernelBackend Cpu()
    {
        ServiceCollection services = new();
        new KernelsCpuPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetServices<IKernelBackend>().Single();
    }

    public void Dispose()
    {
        _team.Dispose();
        _files.Dispose();
    }
}
