using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>The packed tensors of one linear layer, and its values (../shared/fixtures/quantized-hf/README.md, tensors).</summary>
internal sealed class PackedCase
{
    private const string Weights = ".safetensors", Expected = ".expected" + Weights;
    private readonly JsonElement _line;

    private PackedCase(JsonElement line) => (_line, Name) = (line, line.GetProperty("name").GetString()!);

    public string Name { get; }

    /// <summary>Every case's name; none where the reference data is absent.</summary>
    public static IReadOnlyList<string> Names { get; } = Shared.IsPresent ? [.. All().Select(c => c.Name)] : ["none"];

    /// <summary>The recorded values.</summary>
    public float[] Values => MemoryMarshal.Cast<byte, float>(Read(Name + Expected).Single(t => t.Name == "weight").Bytes).ToArray();

    /// <summary>How far a value may be from the recorded one: the README's 1e-6 of the largest.</summary>
    public double Tolerance => 1e-6 * Values.Max(v => Math.Abs((double)v));

    /// <summary>The ending of the module's name that the tensors' own names have; only experts of MXFP4 have any.</summary>
    public string Ending => Read(Name + Weights).Select(t => t.Name).FirstOrDefault(n => n.EndsWith("_blocks", StringComparison.Ordinal)) is { } blocks ? "." + blocks[..^"_blocks".Length] : "";

    public static PackedCase Require(string name)
    {
        Shared.Require("fixtures", "quantized-hf", "tensors");
        return All().Single(c => c.Name == name);
    }

    /// <summary>A folder with a quantization section in config.json and the tensors under a module's name.</summary>
    /// <param name="module">The module; empty: the tensors' own names.</param>
    public TemporaryTree Folder(string module)
    {
        TemporaryTree folder = new();
        string key = _line.TryGetProperty("quantization", out _) ? "quantization" : "quantization_config";
        File.WriteAllText(folder["config.json"], $$"""{"{{key}}": {{_line.GetProperty(key).GetRawText()}}}""");
        SafetensorsWriter writer = new();
        foreach ((string name, string type, long[] shape, byte[] bytes) in Read(Name + Weights))
            writer.Add(module.Length == 0 ? name : $"{module}.{name}", type, shape, bytes);
        File.WriteAllBytes(folder["model.safetensors"], writer.ToBytes());
        return folder;
    }

    private static IEnumerable<PackedCase> All() =>
        from index in new[] { "index.mlx.jsonl", "index.jsonl" }
        from line in File.ReadLines(Shared.Require("fixtures", "quantized-hf", "tensors", index))
        where line.Length > 0
        select new PackedCase(JsonElement.Parse(line));

    private static List<(string Name, string Type, long[] Shape, byte[] Bytes)> Read(string file)
    {
        byte[] bytes = File.ReadAllBytes(Shared.Require("fixtures", "quantized-hf", "tensors", file));
        int start = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        List<(string, string, long[], byte[])> tensors = [];
        foreach (JsonProperty tensor in JsonElement.Parse(bytes.AsSpan(8, start - 8)).EnumerateObject())
            if (tensor.Name != "__metadata__")
            {
                int[] range = HfGolden.Ints(tensor.Value.GetProperty("data_offsets"));
                tensors.Add((tensor.Name, tensor.Value.GetProperty("dtype").GetString()!, [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64())], bytes[(start + range[0])..(start + range[1])]));
            }
        return tensors;
    }
}
