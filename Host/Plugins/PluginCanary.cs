using Tessera.Conformance.Checks;

namespace Tessera.Host.Plugins;

/// <summary>What a generation must do before requests meet it: its backends agree with the float64 meaning of every operation, and its quantizations with themselves.</summary>
internal static class PluginCanary
{
    private const double MaxRelative = 1e-3;

    private static readonly CheckShape[] Shapes =
    [
        new() { Layers = 1 },
        new() { Layers = 2, Window = 6, BlockTokens = 4, Biases = true, Pairing = RopePairing.Halves, KeyHeads = 1, TiedEmbeddings = false, Seed = 2 },
    ];

    /// <summary>Tries everything that the generation provides.</summary>
    /// <exception cref="PluginException">It answers wrongly or throws; the text names what.</exception>
    public static void Require(PluginGeneration generation)
    {
        using PluginLease lease = generation.Acquire();
        foreach (IKernelBackend backend in lease.Contracts.Backends)
            Try(generation, $"backend '{backend.Name}'", () => Backend(backend));
        foreach (IQuantization quantization in lease.Contracts.Quantizations)
            Try(generation, $"quantization '{quantization.Id}'", () => QuantizationCanary.Check(quantization));
    }

    private static void Try(PluginGeneration generation, string what, Func<string?> check)
    {
        string? problem;
        try
        {
            problem = check();
        }
        catch (Exception e)
        {
            problem = Failure.Describe(e);
        }
        if (problem is not null)
            throw new PluginException($"plugin '{generation.Id}' {generation.Version}: {what}: {problem}");
    }

    private static string? Backend(IKernelBackend backend)
    {
        foreach (CheckShape shape in Shapes)
            try
            {
                CheckReport report = BackendCheck.Compare(backend, shape);
                if (report.MaxRelative > MaxRelative)
                    return $"differs from the float64 reference: {BackendCheck.Locate(backend, shape, MaxRelative)}";
            }
            catch (UnsupportedModelException)
            {
                // It need not have every operation; what it refuses it does not answer wrongly.
            }
        return null;
    }
}
