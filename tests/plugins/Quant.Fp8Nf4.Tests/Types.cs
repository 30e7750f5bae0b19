using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;

namespace Tessera.Quant.Fp8Nf4.Tests;

/// <summary>The types as the plugin registers them.</summary>
internal static class Types
{
    public static IReadOnlyList<IQuantization> All { get; } = Load();

    /// <summary>Those that may be of one part.</summary>
    public static TheoryData<string> Ids => [.. All.Select(type => type.Id).Where(id => id != "mx_fp8")];

    public static IQuantization Get(string id) => All.Single(type => type.Id == id);

    private static IQuantization[] Load()
    {
        ServiceCollection services = new();
        new QuantFp8Nf4Plugin().Configure(services, new Dictionary<string, string>());
        return [.. services.BuildServiceProvider().GetServices<IQuantization>()];
    }
}

/// <summary>A tensor of one or two parts at odd addresses.</summary>
internal sealed class Weight : IDisposable
{
    private readonly List<MemoryFile> _files = [];

    public Weight(string id, long[] shape, byte[] data, byte[]? scale = null, params (string Name, string Value)[] parameters) =>
        Tensor = new WeightTensor
        {
            Name = "w",
            Shape = shape,
            Quantization = id,
            Parts = scale is null ? [Part("data", data)] : [Part("data", data), Part("scale", scale)],
            Parameters = parameters.ToDictionary(p => p.Name, p => p.Value),
        };

    public WeightTensor Tensor { get; }

    /// <summary>All values, after validation.</summary>
    public float[] Values()
    {
        IQuantization type = Types.Get(Tensor.Quantization);
        type.Validate(Tensor);
        float[] values = new float[Tensor.Rows * Tensor.Columns];
        type.Dequantize(Tensor, 0, (int)Tensor.Rows, values);
        return values;
    }

    public static byte[] Bytes(params float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private WeightPart Part(string name, byte[] bytes)
    {
        MemoryFile file = new(name, [0, .. bytes]);
        _files.Add(file);
        return new WeightPart(name, file, 1, bytes.Length);
    }
}
