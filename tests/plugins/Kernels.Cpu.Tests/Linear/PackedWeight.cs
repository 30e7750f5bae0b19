using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Quant.CompressedTensors;
using Tessera.Quant.Gptq;
using Tessera.Quant.Mlx;
using Tessera.Quant.Mx;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>A weight of four bits in several parts: random codes, scales of both signs.</summary>
internal sealed class PackedWeight : IDisposable
{
    private readonly List<MemoryFile> _files = [];

    /// <summary>Makes a weight.</summary>
    /// <param name="id">The type, and what more there is of it.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="group">Columns that share a scale.</param>
    /// <param name="index">The group of each column, or null: as they stand.</param>
    /// <param name="scaleType">How scales are stored.</param>
    /// <param name="zeroOffset">What is added to stored zero points: 1 as the first GPTQ files have it, 0 as the second kind.</param>
    /// <param name="at">Where words begin, in bytes behind a multiple of 64; the other parts are at odd addresses.</param>
    public PackedWeight(string id, int rows, int columns, int group, int[]? index, string scaleType = "f16", int zeroOffset = 1, int at = 1)
    {
        Random random = new(rows);
        int groups = (columns + group - 1) / group;
        byte[] data = new byte[rows * columns / 2], zeros = new byte[rows * groups / 2];
        random.NextBytes(data);
        random.NextBytes(zeros);
        byte[] Floats() => [.. Enumerable.Range(0, rows * groups).SelectMany(_ => Stored((random.NextSingle() - 0.3f) * 0.1f, scaleType))];
        List<WeightPart> parts = [Part("data", data, at)];
        if (id == "mx_fp4")
            parts.Add(Part("scales", [.. Enumerable.Range(0, rows * groups).Select(_ => (byte)random.Next(120, 125))]));
        else
            parts.Add(Part("scales", Floats()));
        if (id == "mlx_affine4")
            parts.Add(Part("biases", Floats()));
        if (id is "gptq4" or "awq4")
            parts.Add(Part("zeros", zeros));
        // Words of eight rows.
        if (id == "ct_packed4.zeros")
            parts.Add(Part("zeros", ((byte[])[.. zeros, .. new byte[4 * groups]]).AsSpan(0, (rows + 7) / 8 * 4 * groups)));
        if (index is not null)
            parts.Add(Part("group_index", MemoryMarshal.AsBytes(index.AsSpan())));
        Tensor = new WeightTensor
        {
            Name = "w",
            Shape = [rows, columns],
            Quantization = id.Split('.')[0],
            Parts = [.. parts],
            Parameters = new Dictionary<string, string> { ["group"] = $"{group}", ["scale_type"] = scaleType, ["zero_offset"] = $"{zeroOffset}" },
        };
    }

    public WeightTensor Tensor { get; }

    public static IQuantization Type(string id)
    {
        ServiceCollection services = new();
        foreach (IPlugin plugin in (IPlugin[])[new QuantGptqPlugin(), new QuantMlxPlugin(), new QuantMxPlugin(), new QuantCompressedTensorsPlugin()])
            plugin.Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetServices<IQuantization>().Single(q => q.Id == id);
    }

    /// <summary>A number as files store it.</summary>
    private static byte[] Stored(float value, string type) => type switch
    {
        "f32" => BitConverter.GetBytes(value),
        "bf16" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)),
        _ => BitConverter.GetBytes((Half)value),
    };

    public void Dispose() => _files.ForEach(f => f.Dispose());

    // At the very end of its memory.
    private WeightPart Part(string name, ReadOnlySpan<byte> bytes, int at = 1)
    {
        MemoryFile file = new(name, [.. new byte[at], .. bytes]);
        _files.Add(file);
        return new WeightPart(name, file, at, bytes.Length);
    }
}
