using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Unicode;

namespace Tessera.Format.Safetensors;

/// <summary>One safetensors file: 8 bytes of header length, the header as JSON, and the tensors' bytes, one after the other without a hole.</summary>
internal sealed class SafetensorsFile
{
    /// <summary>The most bytes that a header may have.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = 8;
    private const string MetadataKey = "__metadata__";

    private readonly List<StoredTensor> _tensors = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly IModelFile _file;
    private readonly long _dataStart;

    private SafetensorsFile(IModelFile file, long dataStart) => (_file, _dataStart) = (file, dataStart);

    /// <summary>The tensors, in the header's order; names are unique.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>The texts of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads and checks a header; touches no tensor.</summary>
    /// <exception cref="ModelFormatException">A rule of the format is broken; the text names the file, the tensor, what was expected and what was found.</exception>
    public static unsafe SafetensorsFile Read(IModelFile file)
    {
        if (file.Length < LengthBytes)
            throw Errors.File(file.Name, $"expected {LengthBytes} bytes of header length, found {file.Length} bytes in all");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file.Data, LengthBytes));
        if (length > MaxHeaderBytes)
            throw Errors.File(file.Name, $"header length: expected at most {MaxHeaderBytes}, found {length}{Guess(file)}");
        if ((long)length > file.Length - LengthBytes)
            throw Errors.File(file.Name, $"header length: expected at most the {file.Length - LengthBytes} bytes that follow, found {length}");
        ReadOnlySpan<byte> header = new(file.Data + LengthBytes, (int)length);
        if (header.IsEmpty || header[0] != (byte)'{')
            throw Errors.File(file.Name, $"header: expected '{{' as its first byte, found {(header.IsEmpty ? "nothing" : $"{header[0]:x2}")}");
        if (!Utf8.IsValid(header))
            throw Errors.File(file.Name, "header: not valid UTF-8");
        SafetensorsFile read = new(file, LengthBytes + (long)length);
        try
        {
            read.ReadHeader(header);
        }
        catch (JsonException e)
        {
            throw Errors.File(file.Name, $"header: not valid JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            throw Errors.File(file.Name, "header: a name or text has an escape of half a character");
        }
        read.CheckRanges();
        return read;
    }

    private static unsafe string Guess(IModelFile file)
    {
        ReadOnlySpan<byte> start = new(file.Data, (int)Math.Min(file.Length, 64));
        return start.StartsWith("GGUF"u8) ? ": this is a GGUF file"
            : start.StartsWith("version https://git-lfs"u8) ? ": this is a pointer to the file, left by git without its large-file extension"
            : "";
    }

    private void ReadHeader(ReadOnlySpan<byte> header)
    {
        Utf8JsonReader json = new(header);
        HashSet<string> names = new(StringComparer.Ordinal);
        json.Read();
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            if (!names.Add(name))
                throw Broken(name, "expected once, found twice");
            Next(ref json);
            if (name == MetadataKey)
                ReadMetadata(ref json);
            else
                ReadTensor(ref json, name);
        }
        // Only white space may follow.
        if (json.Read())
            throw Errors.File(_file.Name, "header: text after its end");
    }

    private void ReadMetadata(ref Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.Null)
            return;
        if (json.TokenType != JsonTokenType.StartObject)
            throw Errors.File(_file.Name, $"{MetadataKey}: expected an object of texts");
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            if (Next(ref json) != JsonTokenType.String)
                throw Errors.File(_file.Name, $"{MetadataKey}.{Errors.Readable(key)}: expected a text");
            if (!_metadata.TryAdd(key, json.GetString()!))
                throw Errors.File(_file.Name, $"{MetadataKey}.{Errors.Readable(key)}: expected once, found twice");
        }
    }

    private void ReadTensor(ref Utf8JsonReader json, string name)
    {
        if (json.TokenType != JsonTokenType.StartObject)
            throw Broken(name, "expected an object");
        Dtype? type = null;
        List<ulong>? shape = null, offsets = null;
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            Next(ref json);
            bool isFirst = true;
            switch (key)
            {
                case "dtype":
                    isFirst = type is null;
                    string text = json.TokenType == JsonTokenType.String ? json.GetString()! : throw Broken(name, "dtype: expected a text");
                    type = Dtypes.Find(text) ?? throw Broken(name, $"dtype: expected one of {string.Join(", ", Enum.GetValues<Dtype>().Select(Dtypes.Name))}, found '{Errors.Readable(text)}'");
                    break;
                case "shape":
                    isFirst = shape is null;
                    shape = Numbers(ref json, name, key);
                    break;
                case "data_offsets":
                    isFirst = offsets is null;
                    offsets = Numbers(ref json, name, key);
                    break;
                default:
                    json.Skip();
                    break;
            }
            if (!isFirst)
                throw Broken(name, $"{key}: expected once, found twice");
        }
        if (type is null || shape is null || offsets is null)
            throw Broken(name, $"{(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}: missing");
        Add(name, type.Value, shape, offsets);
    }

    private void Add(string name, Dtype type, List<ulong> shape, List<ulong> offsets)
    {
        if (offsets.Count != 2)
            throw Broken(name, $"data_offsets: expected 2 numbers, found {offsets.Count}");
        ulong begin = offsets[0], end = offsets[1];
        if (begin > end || end > long.MaxValue)
            throw Broken(name, $"data_offsets: expected a begin and an end that is not before it, found {begin} and {end}");
        UInt128 bits = (UInt128)Dtypes.Bits(type);
        foreach (ulong dimension in shape)
        {
            // Checked at every step: a dimension of 0 behind hides no overflow.
            if (dimension != 0 && bits > ulong.MaxValue / dimension)
                throw Broken(name, $"shape: {Errors.Shape(shape)} of {Dtypes.Name(type)} makes more bits than 2^64 - 1");
            bits *= dimension;
        }
        if (bits % 8 != 0)
            throw Broken(name, $"shape: {Errors.Shape(shape)} of {Dtypes.Name(type)} does not fill whole bytes");
        if (bits / 8 != end - begin)
            throw Broken(name, $"data_offsets: expected {bits / 8} bytes for {Errors.Shape(shape)} of {Dtypes.Name(type)}, found {end - begin}");
        _tensors.Add(new StoredTensor(name, type, [.. shape.Select(d => (long)d)], _file, checked(_dataStart + (long)begin), (long)(end - begin)));
    }

    /// <summary>All bytes behind the header belong to exactly one tensor.</summary>
    private void CheckRanges()
    {
        long expected = _dataStart;
        foreach (StoredTensor tensor in _tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (tensor.Offset != expected)
                throw Broken(tensor.Name, $"data_offsets: expected to begin at {expected - _dataStart}, where the tensor before it ends, found {tensor.Offset - _dataStart}");
            expected += tensor.Length;
            if (expected > _file.Length || expected < tensor.Offset)
                throw Broken(tensor.Name, $"data_offsets: expected an end of at most {_file.Length - _dataStart}, the bytes that the file has, found {expected - _dataStart}");
        }
        if (expected != _file.Length)
            throw Errors.File(_file.Name, $"expected {expected} bytes, all of them described by the header, found {_file.Length}");
    }

    private List<ulong> Numbers(ref Utf8JsonReader json, string name, string key)
    {
        if (json.TokenType != JsonTokenType.StartArray)
            throw Broken(name, $"{key}: expected an array");
        List<ulong> numbers = [];
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetUInt64(out ulong number) || number > long.MaxValue)
                throw Broken(name, $"{key}: expected whole numbers from 0 to 2^63 - 1");
            numbers.Add(number);
        }
        return numbers;
    }

    private static JsonTokenType Next(ref Utf8JsonReader json)
    {
        json.Read();
        return json.TokenType;
    }

    private ModelFormatException Broken(string tensor, string message) => Errors.Tensor(_file.Name, tensor, message);
}
