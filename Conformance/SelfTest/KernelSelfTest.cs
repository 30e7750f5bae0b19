using System.Globalization;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.SelfTest;

/// <summary>Holds a backend, on the device of this machine, to the float64 reference: every shape of the graph contract, and small models of every type of weights.</summary>
public static class KernelSelfTest
{
    /// <summary>The relative difference that is let pass where nothing is rounded to halves.</summary>
    public const double FloatTolerance = 1e-4;

    /// <summary>The same for half tiles and a cache of halves.</summary>
    public const double HalfTolerance = 2e-2;

    /// <summary>What the backend says of a graph of a look-up and a product: its device, for one.</summary>
    /// <exception cref="UnsupportedModelException">It has no device; the text says so.</exception>
    public static IReadOnlyList<string> Describe(IKernelBackend backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        using BandwidthGraph graph = new(new F32(), 1 << 12, 1);
        using IModelRuntime runtime = graph.Build(backend);
        return [.. runtime.Explain()];
    }

    /// <summary>Runs the checks, one after the other.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="types">The types of weights; those that nothing can be quantized to are left out.</param>
    /// <param name="shapes">The shapes; null: all.</param>
    public static IEnumerable<SelfTestResult> Run(IKernelBackend backend, IReadOnlyList<IQuantization> types, IReadOnlyDictionary<string, CheckShape>? shapes = null)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(types);
        foreach ((string name, CheckShape shape) in shapes ?? CheckShapes.All)
            yield return Try(name, FloatTolerance, () => BackendCheck.Compare(backend, shape));
        LooseBackend loose = new(backend);
        foreach (IQuantization type in types.Where(t => t is IQuantizer))
        {
            QuantizationRegistry registry = new(type.Id == "f32" ? [type] : [new F32(), type]);
            CheckShape shape = ShapeOf(type);
            yield return Try($"weights of {type.Id}", FloatTolerance, () => BackendCheck.Compare(backend, shape, registry));
            yield return Try($"weights of {type.Id}, half tiles, cache of halves", HalfTolerance, () => BackendCheck.Compare(loose, shape with { Activations = ActivationPrecision.Fast, KvType = KvType.F16 }, registry));
        }
    }

    private static CheckShape ShapeOf(IQuantization type) =>
        type.BlockSize <= 32 ? new() { Quantization = type.Id } : new() { Quantization = type.Id, Layers = 1, Width = 256, Heads = 4, HeadLength = 64, FeedForward = 256 };

    private static SelfTestResult Try(string what, double tolerance, Func<CheckReport> compare)
    {
        try
        {
            CheckReport report = compare();
            bool passed = report.MaxRelative <= tolerance;
            return new(what, string.Create(CultureInfo.InvariantCulture, $"{report.MaxRelative:e1} of {tolerance:e0}{(passed ? "" : $": {report.Worst}")}"), passed);
        }
        catch (UnsupportedModelException e)
        {
            return new(what, $"refused: {e.Message}", true);
        }
        catch (TesseraException e)
        {
            return new(what, $"{e.GetType().Name}: {e.Message}", false);
        }
    }
}
