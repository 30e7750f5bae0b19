using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Quant.BitsAndBytes;
using Tessera.Quant.CompressedTensors;
using Tessera.Quant.Gptq;
using Tessera.Quant.Mlx;
using Tessera.Quant.Mx;
using Tessera.Quant.Numbers;

namespace Tessera.Quant.Common.Tests;

/// <summary>The types as the plugins register them.</summary>
internal static class Types
{
    public static IReadOnlyList<IPlugin> Plugins { get; } = [new QuantBitsAndBytesPlugin(), new QuantCompressedTensorsPlugin(), new QuantGptqPlugin(), new QuantMlxPlugin(), new QuantMxPlugin(), new QuantNumbersPlugin()];

    private static readonly IQuantization[] All = [.. Plugins.SelectMany(Of)];

    public static IQuantization Get(string id) => All.Single(type => type.Id == id);

    public static IEnumerable<IQuantization> Of(IPlugin plugin)
    {
        ServiceCollection services = new();
        plugin.Configure(services, new Dictionary<string, string>());
        return services.BuildServiceProvider().GetServices<IQuantization>();
    }
}

/// <summary>A tensor of several parts, each at an odd address at the very end of its memory.</summary>
internal sealed class Weight : IDisposable
{
    private readonly List<MemoryFile> _files = [];

    public Weight(string id, long[] shape, (string Name, byte[] Bytes)[] parts, params (string Name, string Value)[] parameters) =>
        Tensor = new WeightTensor { Name = "w", Shape = shape, Quantization = id, Parts = [.. parts.Select(p => Part(p.Name, p.Bytes))], Parameters = parameters.ToDictionary(p => p.Name, p => p.Value) };

    public WeightTensor Tensor { get; }

    private IQuantization Type => Types.Get(Tensor.Quantization);

    /// <summary>All values, after validation, from rows that are asked for in two calls.</summary>
    public float[] Values()
    {
        Type.Validate(Tensor);
        float[] values = new float[Tensor.Rows * Tensor.Columns];
        int first = (int)Tensor.Rows / 2;
        Type.Dequantize(Tensor, 0, first, values);
        Type.Dequantize(Tensor, first, (int)Tensor.Rows - first, values.AsSpan(first * (int)Tensor.Columns));
        return values;
    }

    /// <summary>What the unpacked bytes mean, from rows that are asked for in two calls; in the columns' own places.</summary>
    public unsafe double[] Unpacked()
    {
        IAffineUnpack unpack = (IAffineUnpack)Type;
        int rows = (int)Tensor.Rows, columns = (int)Tensor.Columns, group = unpack.GroupSize, groups = columns / group, half = rows / 2;
        int[]? order = null;
        if (!unpack.CanUnpack(Tensor))
            Assert.True(((IOrderedUnpack)unpack).TryOrder(Tensor, order = new int[columns]));
        byte[] bytes = new byte[rows * columns];
        float[] scales = new float[rows * groups], minimums = new float[rows * groups];
        fixed (byte* b = bytes)
        fixed (float* s = scales, m = minimums)
        fixed (int* o = order)
            foreach ((int first, int count) in new[] { (0, half), (half, rows - half) })
                if (order is null)
                    unpack.Unpack(Tensor, first, count, b + first * columns, s + first * groups, m + first * groups);
                else
                    ((IOrderedUnpack)unpack).Unpack(Tensor, o, first, count, b + first * columns, s + first * groups, m + first * groups);
        double[] values = new double[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            values[i / columns * columns + (order is null ? i % columns : order[i % columns])] = (double)scales[i / group] * bytes[i] - minimums[i / group];
        return values;
    }

    public static byte[] Bytes<T>(params T[] values) where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private WeightPart Part(string name, byte[] bytes)
    {
        MemoryFile file = new(name, [0, .. bytes]);
        _files.Add(file);
        return new WeightPart(name, file, 1, bytes.Length);
    }
}
