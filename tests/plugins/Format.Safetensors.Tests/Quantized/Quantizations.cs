using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu;
using Tessera.Quant.BitsAndBytes;
using Tessera.Quant.CompressedTensors;
using Tessera.Quant.Fp8Nf4;
using Tessera.Quant.Ggml;
using Tessera.Quant.Gptq;
using Tessera.Quant.Mlx;
using Tessera.Quant.Mx;
using Tessera.Quant.Numbers;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>What the plugins register.</summary>
internal static class Quantizations
{
    private static readonly ServiceProvider Services = Configure();

    public static QuantizationRegistry All { get; } = new(Services.GetServices<IQuantization>());

    public static IKernelBackend Backend => Services.GetRequiredService<IKernelBackend>();

    private static ServiceProvider Configure()
    {
        ServiceCollection services = new();
        IPlugin[] plugins =
        [
            new QuantBitsAndBytesPlugin(), new QuantCompressedTensorsPlugin(), new QuantFp8Nf4Plugin(), new QuantGgmlPlugin(), new QuantGptqPlugin(), new QuantMlxPlugin(), new QuantMxPlugin(), new QuantNumbersPlugin(),
            new KernelsCpuPlugin(),
        ];
        foreach (IPlugin plugin in plugins)
            plugin.Configure(services, new Dictionary<string, string>());
        return services.BuildServiceProvider();
    }
}
