using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Tessera.Trainer.Output;

/// <summary>Writes a safetensors file (github.com/huggingface/safetensors#format) in BF16.</summary>
internal static class Safetensors
{
    public static void Write(string path, IEnumerable<(string Name, int[] Shape, float[] Values)> tensors)
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        using MemoryStream data = new();
        foreach ((string name, int[] shape, float[] values) in tensors.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            long start = data.Length;
            data.Write(MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, Rounded)));
            header[name] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(s => JsonValue.Create(s))]), ["data_offsets"] = new JsonArray(start, data.Length) };
        }
        // Padded with spaces, so that the data is aligned.
        string text = header.ToJsonString();
        byte[] bytes = Encoding.UTF8.GetBytes(text.PadRight((text.Length + 7) / 8 * 8));
        AtomicFile.Write(path, file =>
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)bytes.Length);
            file.Write(length);
            file.Write(bytes);
            data.WriteTo(file);
        });
    }

    /// <summary>The nearest BF16, ties to even.</summary>
    private static ushort Rounded(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
