using System.Numerics;

namespace Tessera.Format.Gguf;

/// <summary>A tensor's description as it stands in the file.</summary>
/// <param name="Name">The name.</param>
/// <param name="Shape">Outermost dimension first, the reverse of the file's order.</param>
/// <param name="Type">The type's number.</param>
/// <param name="Offset">The first byte, from the start of the tensor data.</param>
internal readonly record struct GgufTensor(string Name, long[] Shape, uint Type, ulong Offset);

/// <summary>Everything before the tensor data of one file.</summary>
internal sealed class GgufHeader
{
    private GgufHeader(IModelFile file) => (File, Keys) = (file, new GgufKeys(file));

    /// <summary>The file.</summary>
    public IModelFile File { get; }

    /// <summary>The metadata.</summary>
    public GgufKeys Keys { get; }

    /// <summary>The tensors' descriptions, in the file's order; names are unique, sizes and offsets not yet checked.</summary>
    public List<GgufTensor> Tensors { get; } = [];

    /// <summary>The alignment of tensor data.</summary>
    public int Alignment { get; private set; } = GgufConstants.DefaultAlignment;

    /// <summary>The offset of the tensor data in the file.</summary>
    public long DataStart { get; private set; }

    /// <summary>Reads and checks a file's header.</summary>
    public static GgufHeader Read(IModelFile file)
    {
        GgufHeader header = new(file);
        GgufReader reader = new(file, 0);
        CheckMagicAndVersion(ref reader);
        ulong tensors = reader.U64("tensor count"), pairs = reader.U64("metadata count");
        CheckCount(ref reader, "tensor count", tensors, GgufConstants.MinTensorBytes);
        CheckCount(ref reader, "metadata count", pairs, GgufConstants.MinPairBytes);
        for (ulong i = 0; i < pairs; i++)
            header.ReadPair(ref reader);
        header.Alignment = header.ReadAlignment();
        reader.Kind = "header";
        reader.Subject = null;
        CheckCount(ref reader, "tensor count", tensors, GgufConstants.MinTensorBytes);
        header.Tensors.Capacity = (int)tensors;
        HashSet<string> names = new(StringComparer.Ordinal);
        for (ulong i = 0; i < tensors; i++)
            header.ReadTensor(ref reader, names);
        header.DataStart = (reader.Position + header.Alignment - 1) & -(long)header.Alignment;
        return header;
    }

    private static void CheckMagicAndVersion(ref GgufReader reader)
    {
        ReadOnlySpan<byte> magic = reader.Bytes(4, "magic");
        if (magic.SequenceEqual("FUGG"u8))
            throw reader.Unsupported("magic: expected 'GGUF', found it byte-swapped: a big-endian file, which is not supported");
        if (!magic.SequenceEqual(GgufConstants.Magic))
            throw reader.Broken($"magic: expected 'GGUF' (47475546), found {Convert.ToHexString(magic)}");
        uint version = reader.U32("version");
        if (version is >= GgufConstants.OldestVersion and <= GgufConstants.NewestVersion)
            return;
        if (version == 1)
            throw reader.Unsupported("version: expected 2 or 3, found 1, which is not supported (its counts are 32 bits wide); convert the model again");
        if ((version & 0xFFFF) == 0 && version != 0)
            throw reader.Unsupported($"version: expected 2 or 3, found 0x{version:x8}: a byte-swapped (big-endian) file, which is not supported");
        throw version == 0 ? reader.Broken("version: expected 2 or 3, found 0") : reader.Unsupported($"version: expected 2 or 3, found {version}");
    }

    private static void CheckCount(ref GgufReader reader, string what, ulong count, int least)
    {
        if (count > (ulong)reader.Remaining / (ulong)least || count > int.MaxValue)
            throw reader.Broken($"{what}: found {count}, of at least {least} bytes each, but the file has {reader.Remaining} bytes left");
    }

    private void ReadPair(ref GgufReader reader)
    {
        (reader.Kind, reader.Subject) = ("metadata", null);
        string key = reader.Name(GgufConstants.MaxKeyBytes, "key");
        (reader.Kind, reader.Subject) = ("key", key);
        var type = (GgufValueType)reader.U32("type");
        bool isArray = type == GgufValueType.Array;
        ulong count = 1;
        if (isArray)
        {
            type = (GgufValueType)reader.U32("element type");
            if (type == GgufValueType.Array)
                throw reader.Unsupported("arrays of arrays are not supported");
            count = reader.U64("array length");
        }
        int size = GgufValueTypes.Size(type);
        if (size < 0)
            throw reader.Broken($"type: expected 0 to 12, found {(uint)type}");
        if (count > (ulong)reader.Remaining / (ulong)(size == 0 ? sizeof(ulong) : size) || count > int.MaxValue)
            throw reader.Broken($"{count} {GgufValueTypes.Name(type)} values at {reader.Position} do not fit, the file has {reader.Remaining} bytes left");
        long offset = reader.Position;
        if (size == 0)
            for (ulong i = 0; i < count; i++)
                reader.Text(GgufConstants.MaxStringBytes, "string");
        else
            reader.Skip(count, size, "value");
        GgufEntry entry = new(type, isArray, (int)count, offset);
        if (type == GgufValueType.Bool)
            CheckBools(ref reader, entry);
        if (!Keys.Entries.TryAdd(key, entry))
            throw reader.Broken("expected once, found twice");
    }

    private void CheckBools(ref GgufReader reader, GgufEntry entry)
    {
        int wrong = Keys.Raw(entry).IndexOfAnyExceptInRange<byte>(0, 1);
        if (wrong >= 0)
            throw reader.Broken($"expected a bool, 0 or 1, found {Keys.Raw(entry)[wrong]}");
    }

    private int ReadAlignment()
    {
        const string Key = "general.alignment";
        if (!Keys.TryGet(Key, out GgufEntry entry))
            return GgufConstants.DefaultAlignment;
        string expected = $"a power of two from {GgufConstants.MinAlignment} to {GgufConstants.MaxAlignment}";
        if (entry.IsArray || !GgufValueTypes.IsInteger(entry.Type))
            throw Keys.Broken(Key, expected, entry.TypeText);
        Int128 value = Keys.Integer(entry);
        if (value < GgufConstants.MinAlignment || value > GgufConstants.MaxAlignment || !BitOperations.IsPow2((int)value))
            throw Keys.Broken(Key, expected, value.ToString());
        return (int)value;
    }

    private void ReadTensor(ref GgufReader reader, HashSet<string> names)
    {
        (reader.Kind, reader.Subject) = ("tensor", null);
        string name = reader.Name(GgufConstants.MaxNameBytes, "name");
        reader.Subject = name;
        if (!names.Add(name))
            throw reader.Broken("expected once, found twice");
        uint dimensions = reader.U32("n_dims");
        if (dimensions is 0 or > GgufConstants.MaxDimensions)
            throw reader.Broken($"n_dims: expected 1 to {GgufConstants.MaxDimensions}, found {dimensions}");
        long[] shape = new long[dimensions];
        Int128 elements = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            ulong dimension = reader.U64("dimension");
            if (dimension == 0)
                throw reader.Broken($"dimension {i}: expected at least 1, found 0");
            elements *= dimension;
            if (elements > long.MaxValue)
                throw reader.Broken($"dimension {i}: {dimension} makes more elements than 2^63 - 1");
            shape[^(i + 1)] = (long)dimension;
        }
        Tensors.Add(new GgufTensor(name, shape, reader.U32("type"), reader.U64("offset")));
    }
}
