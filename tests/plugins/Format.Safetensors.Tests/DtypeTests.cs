using System.Runtime.InteropServices;
using Tessera.Format.Safetensors.Tests.Families;
using Tessera.Format.Safetensors.Tests.Quantized;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Every number type that folders have: read by itself, and as a model's weight run or refused by name.</summary>
public sealed class DtypeTests
{
    /// <summary>Bytes of two rows of two values, and what they mean.</summary>
    private static readonly Dictionary<string, (byte[] Bytes, float[] Values)> Cases = new(StringComparer.Ordinal)
    {
        ["F64"] = (Of(1.5, -0.1, 1e300, 5e-324), [1.5f, -0.1f, float.PositiveInfinity, 0]),
        ["F32"] = (Of(1.5f, -0.1f, 3e38f, 1e-45f), [1.5f, -0.1f, 3e38f, 1e-45f]),
        ["F16"] = (Of((Half)1.5f, (Half)(-0.1f), Half.MaxValue, Half.Epsilon), [1.5f, (float)(Half)(-0.1f), 65504, (float)Half.Epsilon]),
        ["BF16"] = (Of<ushort>(0x3fc0, 0xc000, 0x7f7f, 0x0080), [1.5f, -2, BitConverter.Int32BitsToSingle(0x7f7f0000), BitConverter.Int32BitsToSingle(0x00800000)]),
        ["F8_E4M3"] = ([0x3c, 0xb8, 0x7e, 0x01], [1.5f, -1, 448, 1 / 512f]),
        ["F8_E5M2"] = ([0x3e, 0xbc, 0x7b, 0x01], [1.5f, -1, 57344, 1 / 65536f]),
        ["I8"] = (Of<sbyte>(1, -2, 127, -128), [1, -2, 127, -128]),
        ["I16"] = (Of<short>(1, -2, short.MaxValue, short.MinValue), [1, -2, 32767, -32768]),
        ["I32"] = (Of(1, -2, int.MaxValue, int.MinValue), [1, -2, 2147483648f, -2147483648f]),
        ["I64"] = (Of(1, -2, long.MaxValue, long.MinValue), [1, -2, 9223372036854775808f, -9223372036854775808f]),
        ["U8"] = ([1, 2, 128, 255], [1, 2, 128, 255]),
        ["U16"] = (Of<ushort>(1, 2, 32768, 65535), [1, 2, 32768, 65535]),
        ["U32"] = (Of<uint>(1, 2, 1u << 31, uint.MaxValue), [1, 2, 2147483648f, 4294967296f]),
        ["U64"] = (Of<ulong>(1, 2, 1ul << 63, ulong.MaxValue), [1, 2, 9223372036854775808f, 18446744073709551616f]),
        ["BOOL"] = ([1, 0, 0, 1], [1, 0, 0, 1]),
    };

    public static TheoryData<string> Types => [.. Cases.Keys];

    public static TheoryData<string> Codes => ["I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"];

    [Theory, MemberData(nameof(Types))]
    public void A_tensor_has_the_values_of_its_type(string type)
    {
        (byte[] bytes, float[] expected) = Cases[type];
        using TestModelFiles files = new(("model.safetensors", new SafetensorsWriter().Add("t", type, [2, 2], bytes).ToBytes()));
        WeightTensor tensor = Assert.Single(new SafetensorsFormat().Open(files).Tensors);
        IQuantization quantization = Quantizations.All.Find(tensor.Quantization)!;
        quantization.Validate(tensor);
        float[] values = new float[4], last = new float[2];
        quantization.Dequantize(tensor, 0, 2, values);
        quantization.Dequantize(tensor, 1, 1, last);
        Assert.Equal(expected, values);
        Assert.Equal(expected[2..], last);
    }

    [Fact]
    public void A_model_of_F64_has_the_logits_of_the_same_values_in_F32()
    {
        (string Name, byte[] Bytes)[] folder = Folders.With("qwen3 moe, dense layer", null);
        float[][] expected = Logits(folder);
        Assert.Equal(expected, Logits(With(folder, "F64", _ => true)));
    }

    [Theory, MemberData(nameof(Codes))]
    public void A_weight_of_whole_numbers_without_a_scheme_is_refused_by_name_and_can_be_looked_at(string type)
    {
        const string Name = "model.layers.1.mlp.down_proj.weight";
        Folders.Open(With(Folders.With("llama", null), type, n => n == Name), source =>
        {
            string problem = Assert.Single(source.Metadata.Problems);
            Assert.Contains($"file 'model.safetensors': tensor '{Name}': expected floats, found {type}", problem, StringComparison.Ordinal);
            Assert.Equal(type.ToLowerInvariant(), Assert.Single(source.Tensors, t => t.Name == Name).Quantization);
        });
    }

    private static float[][] Logits((string Name, byte[] Bytes)[] folder)
    {
        float[][]? logits = null;
        Folders.Open(folder, source => logits = TinyRun.Logits(source));
        return logits!;
    }

    /// <summary>The folder with some tensors in another type: their values as F64, else zeros.</summary>
    private static (string Name, byte[] Bytes)[] With((string Name, byte[] Bytes)[] folder, string type, Func<string, bool> chosen)
    {
        SafetensorsWriter writer = new();
        using TestModelFiles files = TestModelFiles.Folder("folder", folder);
        foreach (StoredTensor tensor in SafetensorsFile.Read(files.TryOpen("model.safetensors")!).Tensors)
        {
            float[] values = MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray();
            if (chosen(tensor.Name))
                writer.Add(tensor.Name, type, tensor.Shape, type == "F64" ? Of(Array.ConvertAll(values, v => (double)v)) : new byte[values.Length * Cases[type].Bytes.Length / 4]);
            else
                writer.Add(tensor.Name, tensor.Shape, values);
        }
        return [.. folder.Select(f => f.Name == "model.safetensors" ? (f.Name, writer.ToBytes()) : f)];
    }

    private static byte[] Of<T>(params T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values).ToArray();
}
