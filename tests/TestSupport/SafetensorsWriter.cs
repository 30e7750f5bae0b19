using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tessera.TestSupport;

/// <summary>Writes safetensors files: in the order of the calls, as the format has it.</summary>
public sealed class SafetensorsWriter
{
    private readonly List<(string Name, string Type, long[] Shape, byte[] Data)> _tensors = [];

    /// <summary>The tensors' names.</summary>
    public IEnumerable<string> Names => _tensors.Select(t => t.Name);

    /// <summary>Adds a tensor.</summary>
    public SafetensorsWriter Add(string name, string type, long[] shape, byte[] data)
    {
        _tensors.Add((name, type, shape, data));
        return this;
    }

    /// <summary>Adds a tensor of floats.</summary>
    public SafetensorsWriter Add(string name, long[] shape, float[] values)
    {
        byte[] data = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * sizeof(float)), values[i]);
        return Add(name, "F32", shape, data);
    }

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        JsonObject header = new() { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long offset = 0;
        foreach ((string name, string type, long[] shape, byte[] data) in _tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, offset + data.Length),
            };
            offset += data.Length;
        }
        byte[] all = new byte[offset];
        offset = 0;
        foreach ((_, _, _, byte[] data) in _tensors)
        {
            data.CopyTo(all, offset);
            offset += data.Length;
        }
        return ToBytes(JsonSerializer.Serialize(header), all);
    }

    /// <summary>A file of any header, padded with spaces to a multiple of 8, and any data.</summary>
    public static byte[] ToBytes(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        int length = (text.Length + 7) & ~7;
        byte[] file = new byte[8 + length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)length);
        file.AsSpan(8, length).Fill((byte)' ');
        text.CopyTo(file, 8);
        data.CopyTo(file, 8 + length);
        return file;
    }
}
