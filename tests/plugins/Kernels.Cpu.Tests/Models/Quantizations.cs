using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Quant.Ggml;

namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>The quantizations of Quant.Ggml, as its plugin registers them, and more.</summary>
internal static class Quantizations
{
    public static QuantizationRegistry With(params IQuantization[] more)
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        return new QuantizationRegistry(provider.GetServices<IQuantization>().Concat(more));
    }
}
