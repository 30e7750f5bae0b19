using System.Text;
using System.Text.Json;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>One packed tensor of the reference data, and the values that it stands for (../shared/fixtures/quantized-hf/README.md).</summary>
internal sealed class TensorCase
{
    private const string Folder = "tensors", MlxIndex = "index.mlx.jsonl", Index = "index.jsonl";

    private TensorCase(JsonElement line)
    {
        Name = line.GetProperty("name").GetString()!;
        Shape = [.. line.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())];
        string key = line.TryGetProperty("quantization", out JsonElement section) ? "quantization" : "quantization_config";
        Config = $$"""{"{{key}}": {{(key == "quantization" ? section : line.GetProperty(key)).GetRawText()}}}""";
    }

    /// <summary>The case's name.</summary>
    public string Name { get; }

    /// <summary>The expected shape.</summary>
    public long[] Shape { get; }

    /// <summary>A config.json with nothing but the quantization.</summary>
    public string Config { get; }

    /// <summary>The packed tensors' file.</summary>
    public byte[] Packed => File.ReadAllBytes(Shared.Require("fixtures", "quantized-hf", Folder, Name + ".safetensors"));

    /// <summary>Every case of the indexes, which name each file of the folder; none where the reference data is absent.</summary>
    public static IReadOnlyList<TensorCase> All { get; } = Shared.IsPresent ? Read() : [];

    /// <summary>The expected values.</summary>
    public float[] Expected()
    {
        using TestModelFiles files = TestModelFiles.OnDisk(Shared.Require("fixtures", "quantized-hf", Folder, Name + ".expected.safetensors"));
        ModelSource source = new SafetensorsFormat().Open(files);
        WeightTensor weight = Assert.Single(source.Tensors);
        Assert.Equal(Shape, weight.Shape);
        Assert.Equal("f32", weight.Quantization);
        return Values(weight);
    }

    /// <summary>The packed tensor as the format makes it, in files that the caller owns.</summary>
    public WeightTensor Open(out TestModelFiles files)
    {
        files = new(("model.safetensors", Packed), ("config.json", Encoding.UTF8.GetBytes(Config)));
        ModelSource source = new SafetensorsFormat().Open(files);
        // One problem: there is no architecture, so that this is not a model.
        Assert.Single(source.Metadata.Problems);
        WeightTensor weight = Assert.Single(source.Tensors);
        // Only experts of MXFP4 are known by their own names.
        Assert.EndsWith("weight", weight.Name, StringComparison.Ordinal);
        Assert.Equal(Shape, weight.Shape);
        return weight;
    }

    /// <summary>All values of a tensor, after validation.</summary>
    public static float[] Values(WeightTensor weight)
    {
        IQuantization quantization = Quantizations.All.Find(weight.Quantization)!;
        quantization.Validate(weight);
        float[] values = new float[weight.Rows * weight.Columns];
        // In two calls, the second from an odd row on.
        int first = (int)(weight.Rows / 3) | 1;
        quantization.Dequantize(weight, 0, first, values);
        quantization.Dequantize(weight, first, (int)weight.Rows - first, values.AsSpan(first * (int)weight.Columns));
        return values;
    }

    private static TensorCase[] Read()
    {
        string folder = Shared.Require("fixtures", "quantized-hf", Folder);
        TensorCase[] cases = [.. new[] { MlxIndex, Index }.SelectMany(index => File.ReadLines(Path.Combine(folder, index))).Where(line => line.Length > 0).Select(line => new TensorCase(JsonElement.Parse(Encoding.UTF8.GetBytes(line))))];
        const string Expected = ".expected.safetensors";
        Assert.Equal(Directory.GetFiles(folder, "*" + Expected).Select(f => Path.GetFileName(f)[..^Expected.Length]).Order(StringComparer.Ordinal), cases.Select(c => c.Name).Order(StringComparer.Ordinal));
        return cases;
    }
}
