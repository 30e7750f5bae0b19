using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using YamlDotNet.Core;

namespace Tessera.Test.Echo;

/// <summary>A whole small model stack whose next letter is the last one plus a step; throws where the options say.</summary>
public sealed class TestEchoPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IServiceCollection services, IReadOnlyDictionary<string, string> options)
    {
        string fail = options["fail"];
        if (fail == "configure")
            throw new EchoException($"no line {Mark.Empty.Line}");
        if (fail == "option")
            throw new PluginOptionException("word", "expected another word");
        int step = int.Parse(options["step"], CultureInfo.InvariantCulture);
        services.AddSingleton<IWeightFormat, EchoFormat>();
        services.AddSingleton<IQuantization, EchoQuantization>();
        services.AddSingleton<IModelArchitecture, EchoArchitecture>();
        services.AddSingleton<ITokenizerFactory, EchoTokenizerFactory>();
        services.AddSingleton<IKernelBackend>(s => new EchoBackend(step, fail == "build", fail == "dispose", fail == "step", s.GetRequiredService<ILogger<EchoBackend>>()));
    }
}

/// <summary>An exception type that only the plugin has.</summary>
public sealed class EchoException(string message) : Exception(message);
