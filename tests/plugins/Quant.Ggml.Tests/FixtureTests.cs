using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tessera.Quant.Ggml.Tests;

/// <summary>Blocks and floats of the reference implementation, bit for bit.</summary>
public class FixtureTests
{
    // Of the 29 types: Q8_1 has only the quantize half; IQ1_S, IQ1_M, IQ2_XXS and IQ2_XS only the other one.
    private const int Dequantized = 28;
    private const int Quantized = 25;

    // F32 has no converter.
    private const int WithoutReference = 1;

    [Fact]
    public void Dequantize_gives_the_reference_floats()
    {
        List<string> mismatches = [];
        int types = 0;
        foreach ((GgmlType type, JsonElement half) in Halves("dequantize"))
        {
            byte[] blocks = Read(half, "blocks_file");
            float[] expected = Floats(half, "f32_file");
            Assert.Equal(half.GetProperty("elements").GetInt32(), expected.Length);
            using NativeWeight weight = new(type.Id, blocks, expected.Length / type.BlockSize, type.BlockSize);
            type.Validate(weight.Tensor);
            float[] found = new float[expected.Length];
            type.Dequantize(weight.Tensor, 0, (int)weight.Tensor.Rows, found);
            Compare(type, MemoryMarshal.Cast<float, uint>(expected), MemoryMarshal.Cast<float, uint>(found), mismatches);
            types++;
        }
        FixtureCount.Print("quantization", $"{types} types dequantized");
        Assert.Equal(Dequantized, types);
        Assert.True(mismatches.Count == 0, string.Join('\n', mismatches));
    }

    [Fact]
    public void Quantize_gives_the_reference_bytes()
    {
        List<string> mismatches = [];
        int types = 0;
        foreach ((GgmlType type, JsonElement half) in Halves("quantize"))
        {
            IQuantizer quantizer = Assert.IsAssignableFrom<IQuantizer>(type);
            float[] input = Floats(half, "input_file");
            byte[] expected = Read(half, "quantized_file");
            Assert.Equal(half.GetProperty("elements").GetInt32(), input.Length);
            Assert.Equal(expected.Length, quantizer.QuantizedBytes(input.Length));
            byte[] found = new byte[expected.Length];
            quantizer.Quantize(input, found);
            Compare<byte>(type, expected, found, mismatches);
            types++;
        }
        FixtureCount.Print("quantization", $"{types} types quantized");
        Assert.Equal(Quantized, types);
        Assert.True(mismatches.Count == 0, string.Join('\n', mismatches));
    }

    private static IEnumerable<(GgmlType Type, JsonElement Half)> Halves(string name)
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllText(Shared.Require("fixtures", "quantization", "index.json")));
        JsonElement types = index.RootElement.GetProperty("types");
        Assert.Equal(WithoutReference, GgmlTypes.All().Length - types.GetArrayLength());
        foreach (JsonElement entry in types.EnumerateArray())
        {
            GgmlType type = Types.Get(entry.GetProperty("name").GetString()!.ToLowerInvariant());
            Assert.Equal(entry.GetProperty("block_size").GetInt32(), type.BlockSize);
            Assert.Equal(entry.GetProperty("type_size").GetInt32(), type.BlockBytes);
            if (entry.TryGetProperty(name, out JsonElement half))
                yield return (type, half.Clone());
        }
    }

    private static void Compare<T>(GgmlType type, ReadOnlySpan<T> expected, ReadOnlySpan<T> found, List<string> mismatches)
        where T : unmanaged, IEquatable<T>
    {
        int wrong = 0, first = -1;
        for (int i = 0; i < expected.Length; i++)
            if (!expected[i].Equals(found[i]) && wrong++ == 0)
                first = i;
        if (wrong > 0)
            mismatches.Add($"{type.Id}: {wrong} of {expected.Length} differ, first at {first}: expected {expected[first]:x}, found {found[first]:x}");
    }

    private static byte[] Read(JsonElement half, string file) =>
        File.ReadAllBytes(Shared.Require("fixtures", "quantization", half.GetProperty(file).GetString()!));

    private static float[] Floats(JsonElement half, string file) => MemoryMarshal.Cast<byte, float>(Read(half, file)).ToArray();
}
