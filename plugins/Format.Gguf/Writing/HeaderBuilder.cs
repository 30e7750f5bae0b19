using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Tessera.Format.Gguf.Writing;

/// <summary>A tensor's line in a header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Outermost dimension first.</param>
/// <param name="Type">The type's number.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct HeaderTensor(string Name, long[] Shape, uint Type, long Length);

/// <summary>Builds what stands before the tensor data: keys in the order in which they were added first, then the tensors' descriptions.</summary>
internal sealed class HeaderBuilder
{
    private const uint Version = 3;

    private readonly OrderedDictionary<string, byte[]> _pairs = new(StringComparer.Ordinal);

    /// <summary>Whether a key was added.</summary>
    public bool Has(string key) => _pairs.ContainsKey(key);

    /// <summary>A whole number; llama.cpp wants most of them as u32.</summary>
    public void Add(string key, uint value) => Add(key, GgufValueType.U32, s => Number(s, value));

    /// <summary>A whole number with a sign.</summary>
    public void AddInteger(string key, int value) => Add(key, GgufValueType.I32, s => Number(s, (uint)value));

    /// <summary>A number.</summary>
    public void Add(string key, float value) => Add(key, GgufValueType.F32, s => Number(s, BitConverter.SingleToUInt32Bits(value)));

    /// <summary>A bool.</summary>
    public void Add(string key, bool value) => Add(key, GgufValueType.Bool, s => s.Write([value ? (byte)1 : (byte)0]));

    /// <summary>A text.</summary>
    public void Add(string key, string value) => Add(key, GgufValueType.String, s => Text(s, Encoding.UTF8.GetBytes(value)));

    /// <summary>Texts as bytes.</summary>
    public void AddTexts(string key, IReadOnlyList<byte[]> values) => AddArray(key, GgufValueType.String, values.Count, s =>
    {
        foreach (byte[] value in values)
            Text(s, value);
    });

    /// <summary>Numbers.</summary>
    public void AddFloats(string key, IReadOnlyList<float> values) => AddArray(key, GgufValueType.F32, values.Count, s =>
    {
        foreach (float value in values)
            Number(s, BitConverter.SingleToUInt32Bits(value));
    });

    /// <summary>Whole numbers with a sign.</summary>
    public void AddIntegers(string key, IReadOnlyList<int> values) => AddArray(key, GgufValueType.I32, values.Count, s =>
    {
        foreach (int value in values)
            Number(s, (uint)value);
    });

    /// <summary>Bools.</summary>
    public void AddBools(string key, IReadOnlyList<bool> values) => AddArray(key, GgufValueType.Bool, values.Count, s => s.Write([.. values.Select(v => v ? (byte)1 : (byte)0)]));

    /// <summary>Bytes.</summary>
    public void AddBytes(string key, byte[] values) => AddArray(key, GgufValueType.U8, values.Length, s => s.Write(values));

    /// <summary>A value as another file has it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="pair">Its type and value, as they stand in the file.</param>
    public void AddRaw(string key, ReadOnlySpan<byte> pair) => _pairs[key] = pair.ToArray();

    /// <summary>The bytes up to the first tensor's, and the offset of each tensor in the file.</summary>
    /// <param name="tensors">The tensors, in the file's order.</param>
    /// <param name="alignment">The alignment of tensor data.</param>
    public (byte[] Header, long[] Offsets, long Length) Build(IReadOnlyList<HeaderTensor> tensors, int alignment)
    {
        ArrayBufferWriter<byte> sink = new();
        sink.Write(GgufConstants.Magic);
        Number(sink, Version);
        Wide(sink, tensors.Count);
        Wide(sink, _pairs.Count);
        foreach ((string key, byte[] pair) in _pairs)
        {
            Text(sink, Encoding.UTF8.GetBytes(key));
            sink.Write(pair);
        }
        long[] offsets = new long[tensors.Count];
        long next = 0;
        for (int i = 0; i < offsets.Length; i++)
        {
            HeaderTensor tensor = tensors[i];
            Text(sink, Encoding.UTF8.GetBytes(tensor.Name));
            Number(sink, (uint)tensor.Shape.Length);
            foreach (long dimension in tensor.Shape.Reverse())
                Wide(sink, dimension);
            Number(sink, tensor.Type);
            Wide(sink, offsets[i] = next);
            next = checked(Padded(next + tensor.Length, alignment));
        }
        long start = Padded(sink.WrittenCount, alignment);
        byte[] header = new byte[start];
        sink.WrittenSpan.CopyTo(header);
        return (header, [.. offsets.Select(o => start + o)], start + next);
    }

    private void Add(string key, GgufValueType type, Action<ArrayBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> sink = new();
        Number(sink, (uint)type);
        write(sink);
        _pairs[key] = sink.WrittenSpan.ToArray();
    }

    private void AddArray(string key, GgufValueType type, int count, Action<ArrayBufferWriter<byte>> write) => Add(key, GgufValueType.Array, s =>
    {
        Number(s, (uint)type);
        Wide(s, count);
        write(s);
    });

    private static void Number(ArrayBufferWriter<byte> sink, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(sink.GetSpan(sizeof(uint)), value);
        sink.Advance(sizeof(uint));
    }

    private static void Wide(ArrayBufferWriter<byte> sink, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(sink.GetSpan(sizeof(long)), value);
        sink.Advance(sizeof(long));
    }

    private static void Text(ArrayBufferWriter<byte> sink, ReadOnlySpan<byte> utf8)
    {
        Wide(sink, utf8.Length);
        sink.Write(utf8);
    }

    private static long Padded(long length, int alignment) => (length + alignment - 1) & -(long)alignment;
}
