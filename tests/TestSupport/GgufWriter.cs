using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.TestSupport;

/// <summary>Builds GGUF files for tests, in memory or on disk: metadata of every value type, tensors with raw bytes, any version and alignment, split sets. Checks nothing, so that it can also write wrong files.</summary>
public sealed class GgufWriter
{
    private readonly List<(string Key, uint Type, Action<Sink> Write)> _metadata = [];
    private readonly List<(string Name, uint Type, long[] Shape, byte[] Data)> _tensors = [];

    /// <summary>The version in the header.</summary>
    public uint Version { get; set; } = 3;

    /// <summary>The alignment of tensor data; written as <c>general.alignment</c> where it is not 32.</summary>
    public uint Alignment { get; set; } = 32;

    /// <summary>A writer with <c>general.architecture</c> set.</summary>
    public GgufWriter(string? architecture = "llama")
    {
        if (architecture is not null)
            Add("general.architecture", architecture);
    }

    /// <summary>Adds a u8.</summary>
    public GgufWriter Add(string key, byte value) => Add(key, 0, s => s.Integer(key, value, 1));
    /// <summary>Adds an i8.</summary>
    public GgufWriter Add(string key, sbyte value) => Add(key, 1, s => s.Integer(key, (ulong)value, 1));
    /// <summary>Adds a u16.</summary>
    public GgufWriter Add(string key, ushort value) => Add(key, 2, s => s.Integer(key, value, 2));
    /// <summary>Adds an i16.</summary>
    public GgufWriter Add(string key, short value) => Add(key, 3, s => s.Integer(key, (ulong)value, 2));
    /// <summary>Adds a u32.</summary>
    public GgufWriter Add(string key, uint value) => Add(key, 4, s => s.Integer(key, value, 4));
    /// <summary>Adds an i32.</summary>
    public GgufWriter Add(string key, int value) => Add(key, 5, s => s.Integer(key, (ulong)value, 4));
    /// <summary>Adds an f32.</summary>
    public GgufWriter Add(string key, float value) => Add(key, 6, s => s.Bytes(BitConverter.GetBytes(value)));
    /// <summary>Adds a bool.</summary>
    public GgufWriter Add(string key, bool value) => Add(key, 7, s => s.Integer(key, value ? 1u : 0u, 1));
    /// <summary>Adds a string.</summary>
    public GgufWriter Add(string key, string value) => Add(key, Encoding.UTF8.GetBytes(value));
    /// <summary>Adds a string of any bytes.</summary>
    public GgufWriter Add(string key, byte[] utf8) => Add(key, 8, s => s.Text(key, utf8));
    /// <summary>Adds a u64.</summary>
    public GgufWriter Add(string key, ulong value) => Add(key, 10, s => s.Integer(key, value, 8));
    /// <summary>Adds an i64.</summary>
    public GgufWriter Add(string key, long value) => Add(key, 11, s => s.Integer(key, (ulong)value, 8));
    /// <summary>Adds an f64.</summary>
    public GgufWriter Add(string key, double value) => Add(key, 12, s => s.Bytes(BitConverter.GetBytes(value)));

    /// <summary>Adds an array of u8, i8, u16, i16, u32, i32, f32, bool, u64, i64 or f64.</summary>
    public GgufWriter AddArray<T>(string key, params T[] values) where T : unmanaged
    {
        uint type = default(T) switch
        {
            byte => 0,
            sbyte => 1,
            ushort => 2,
            short => 3,
            uint => 4,
            int => 5,
            float => 6,
            bool => 7,
            ulong => 10,
            long => 11,
            double => 12,
            _ => throw new ArgumentException($"{typeof(T).Name} is not a GGUF value type", nameof(values)),
        };
        return AddArray(key, type, (ulong)values.Length, s => s.Bytes(MemoryMarshal.AsBytes<T>(values)));
    }

    /// <summary>Adds an array of strings.</summary>
    public GgufWriter AddArray(string key, params string[] values) =>
        AddArray(key, [.. values.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Adds an array of strings of any bytes.</summary>
    public GgufWriter AddArray(string key, params byte[][] values) => AddArray(key, 8, (ulong)values.Length, s =>
    {
        for (int i = 0; i < values.Length; i++)
            s.Text($"{key}[{i}]", values[i]);
    });

    /// <summary>Adds a value of any type id with raw bytes as its payload.</summary>
    public GgufWriter AddRaw(string key, uint type, byte[] payload) => Add(key, type, s => s.Bytes(payload));

    /// <summary>Adds a tensor with raw bytes.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="type">The ggml type id.</param>
    /// <param name="shape">Outermost dimension first, as in <c>WeightTensor</c>; the file has it reversed.</param>
    /// <param name="data">The tensor's bytes.</param>
    public GgufWriter Tensor(string name, uint type, long[] shape, byte[] data)
    {
        _tensors.Add((name, type, shape, data));
        return this;
    }

    /// <summary>Adds an F32 tensor.</summary>
    public GgufWriter Tensor(string name, long[] shape, ReadOnlySpan<float> values) =>
        Tensor(name, 0, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The file's bytes.</summary>
    public byte[] ToBytes() => Build().Bytes;

    /// <summary>The file's bytes, and where its integers are.</summary>
    public GgufImage Build() => Build(_metadata, _tensors);

    /// <summary>Writes the file, without a second copy of its tensors in memory.</summary>
    public void Save(string path)
    {
        using FileStream stream = File.Create(path);
        stream.Write(Header(_metadata, _tensors).ToArray());
        foreach ((_, _, _, byte[] data) in _tensors)
        {
            stream.Write(new byte[(int)(Padded((ulong)stream.Length) - (ulong)stream.Length)]);
            stream.Write(data);
        }
        stream.Write(new byte[(int)(Padded((ulong)stream.Length) - (ulong)stream.Length)]);
    }

    /// <summary>The files of a split set, <c>prefix-00001-of-0000N.gguf</c> and so on; metadata is in the first one, as llama.cpp splits.</summary>
    /// <param name="prefix">The name before <c>-00001</c>.</param>
    /// <param name="tensorsOfEach">How many tensors each shard gets.</param>
    public (string Name, byte[] Bytes)[] ToSplit(string prefix, params int[] tensorsOfEach)
    {
        var files = new (string, byte[])[tensorsOfEach.Length];
        int first = 0;
        for (int i = 0; i < files.Length; i++)
        {
            int number = i;
            List<(string, uint, Action<Sink>)> metadata = i == 0 ? [.. _metadata] : [];
            metadata.Add(("split.no", 2, s => s.Integer("split.no", (ulong)number, 2)));
            metadata.Add(("split.count", 2, s => s.Integer("split.count", (ulong)files.Length, 2)));
            metadata.Add(("split.tensors.count", 5, s => s.Integer("split.tensors.count", (ulong)_tensors.Count, 4)));
            files[i] = ($"{prefix}-{i + 1:D5}-of-{files.Length:D5}.gguf", Build(metadata, _tensors.GetRange(first, tensorsOfEach[i])).Bytes);
            first += tensorsOfEach[i];
        }
        return files;
    }

    private GgufWriter Add(string key, uint type, Action<Sink> write)
    {
        _metadata.Add((key, type, write));
        return this;
    }

    private GgufWriter AddArray(string key, uint type, ulong count, Action<Sink> write) => Add(key, 9, s =>
    {
        s.Integer($"{key}: element type", type, 4);
        s.Integer($"{key}: length", count, 8);
        write(s);
    });

    private GgufImage Build(List<(string Key, uint Type, Action<Sink> Write)> metadata, List<(string Name, uint Type, long[] Shape, byte[] Data)> tensors)
    {
        Sink sink = Header(metadata, tensors);
        foreach ((_, _, _, byte[] data) in tensors)
        {
            sink.Bytes(new byte[(int)(Padded((ulong)sink.Length) - (ulong)sink.Length)]);
            sink.Bytes(data);
        }
        sink.Bytes(new byte[(int)(Padded((ulong)sink.Length) - (ulong)sink.Length)]);
        return new GgufImage(sink.ToArray(), sink.Integers);
    }

    /// <summary>All that stands before the tensors' bytes.</summary>
    private Sink Header(List<(string Key, uint Type, Action<Sink> Write)> metadata, List<(string Name, uint Type, long[] Shape, byte[] Data)> tensors)
    {
        if (Alignment != 32)
            metadata = [.. metadata, ("general.alignment", 4, s => s.Integer("general.alignment", Alignment, 4))];
        Sink sink = new();
        sink.Bytes("GGUF"u8);
        sink.Integer("version", Version, 4);
        sink.Integer("tensor count", (ulong)tensors.Count, 8);
        sink.Integer("metadata count", (ulong)metadata.Count, 8);
        foreach ((string key, uint type, Action<Sink> write) in metadata)
        {
            sink.Text($"key {key}", Encoding.UTF8.GetBytes(key));
            sink.Integer($"{key}: type", type, 4);
            write(sink);
        }
        ulong offset = 0;
        foreach ((string name, uint type, long[] shape, byte[] data) in tensors)
        {
            sink.Text($"tensor {name}", Encoding.UTF8.GetBytes(name));
            sink.Integer($"tensor {name}: n_dims", (ulong)shape.Length, 4);
            for (int i = shape.Length - 1; i >= 0; i--)
                sink.Integer($"tensor {name}: dimension {shape.Length - 1 - i}", (ulong)shape[i], 8);
            sink.Integer($"tensor {name}: type", type, 4);
            sink.Integer($"tensor {name}: offset", offset, 8);
            offset += Padded((ulong)data.Length);
        }
        return sink;
    }

    private ulong Padded(ulong length) => Alignment == 0 ? length : (length + Alignment - 1) / Alignment * Alignment;

    private sealed class Sink
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public List<GgufInteger> Integers { get; } = [];

        public int Length => _bytes.WrittenCount;

        public void Integer(string name, ulong value, int width)
        {
            Integers.Add(new GgufInteger(name, _bytes.WrittenCount, width));
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            _bytes.Write(bytes[..width]);
        }

        public void Text(string name, ReadOnlySpan<byte> utf8)
        {
            Integer($"{name}: string length", (ulong)utf8.Length, 8);
            _bytes.Write(utf8);
        }

        public void Bytes(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
    }
}

/// <summary>A GGUF file in memory.</summary>
/// <param name="Bytes">The whole file.</param>
/// <param name="Integers">Where its single integers are: counts, lengths, types, values, dimensions, offsets (elements of numeric arrays left out).</param>
public sealed record GgufImage(byte[] Bytes, IReadOnlyList<GgufInteger> Integers);

/// <summary>An integer of a file.</summary>
/// <param name="Name">What it is, for messages.</param>
/// <param name="Offset">Its first byte.</param>
/// <param name="Width">Its width in bytes: 1, 2, 4 or 8.</param>
public sealed record GgufInteger(string Name, int Offset, int Width);
