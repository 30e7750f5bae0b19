using System.Text.Json.Nodes;
using Tessera.Abstractions;
using Tessera.Engine.Architectures;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Damaged files and configurations: each opens or ends in a typed error, within memory and time.</summary>
public sealed class DamageTests
{
    private const long MostAllocated = 32 << 20;

    [Fact]
    public void Every_byte_of_a_header_changed_opens_or_is_refused()
    {
        byte[] file = Small();
        int header = 8 + BitConverter.ToInt32(file, 0), opened = 0, refused = 0;
        foreach (byte flip in (byte[])[0xFF, 0x01, 0x10, 0x80])
            for (int at = 0; at < header; at++)
            {
                byte[] damaged = [.. file];
                damaged[at] ^= flip;
                if (Opens(damaged))
                    opened++;
                else
                    refused++;
            }
        TestContext.Current.TestOutputHelper?.WriteLine($"{opened} opened, {refused} refused");
        Assert.True(opened > 0 && refused > header);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        byte[] file = Small();
        for (int length = 0; length < file.Length; length++)
            Assert.False(Opens(file[..length]), $"the first {length} bytes");
    }

    [Fact]
    public void Any_value_in_any_field_of_a_configuration_gives_a_graph_or_a_typed_error()
    {
        JsonNode?[] values = [null, -1, 0, 1, 3, 1e300, 1e-300, 0.5, long.MaxValue, int.MaxValue, "x", "", true, false, new JsonArray(), new JsonArray(1, "x", null), new JsonObject(), new JsonObject { ["rope_type"] = "yarn", ["factor"] = -4 }];
        foreach (string family in new[] { "llama", "gemma3, new spelling", "qwen3 moe, dense layer", "deepseek v3", "phi3", "gpt-oss, joined by MLX", "smollm3" })
        {
            JsonObject own = JsonNode.Parse(Folders.Find(family).ToFolder()[0].Bytes)!.AsObject();
            int graphs = 0, refused = 0;
            foreach (string key in own.Select(p => p.Key).Concat(["layer_types", "rope_parameters", "quantization_config", "text_config", "eos_token_id", "model_type"]).ToArray())
                foreach (JsonNode? value in values)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    if (Builds(Folders.With(family, c => c[key] = value?.DeepClone())))
                        graphs++;
                    else
                        refused++;
                    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
                }
            TestContext.Current.TestOutputHelper?.WriteLine($"{family}: {graphs} graphs, {refused} refused");
            Assert.True(graphs > 20 && refused > 50);
        }
    }

    private static bool Builds((string Name, byte[] Bytes)[] files)
    {
        using TestModelFiles folder = TestModelFiles.Folder("folder", files);
        try
        {
            ModelSource source = new SafetensorsFormat().Open(folder);
            if (source.Metadata.Problems.Count > 0)
                return false;
            BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, 64);
            return true;
        }
        catch (TesseraException)
        {
            return false;
        }
    }

    private static bool Opens(byte[] file)
    {
        using TestModelFiles files = new(("w.safetensors", file));
        try
        {
            SafetensorsFile.Read(files.TryOpen("w.safetensors")!);
            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    private static byte[] Small() => new SafetensorsWriter()
        .Add("model.norm.weight", "BF16", [4, 3], new byte[24]).Add("bias", "F8_E4M3", [5], new byte[5]).Add("scalar", "I64", [], new byte[8]).Add("none", "F32", [0, 7], []).ToBytes();
}
