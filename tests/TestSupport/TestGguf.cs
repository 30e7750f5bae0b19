using System.Text;
using Tessera.Abstractions.Tokenizers;

namespace Tessera.TestSupport;

/// <summary>Reads the tokenizer out of a GGUF file that a test trusts; checks nothing.</summary>
public static class TestGguf
{
    /// <summary>The tokenizer assets of a file.</summary>
    public static TokenizerAssets ReadTokenizer(string path)
    {
        Dictionary<string, object> metadata = ReadMetadata(path);
        T? Get<T>(string key) => metadata.TryGetValue("tokenizer.ggml." + key, out object? value) ? (T)value : default;
        byte[][] Strings(string key) => Get<byte[][]>(key) ?? [];
        string? Text(string key) => Get<byte[]>(key) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

        (string Key, SpecialToken Role)[] roles =
        [
            ("bos", SpecialToken.Bos), ("eos", SpecialToken.Eos), ("eot", SpecialToken.Eot), ("eom", SpecialToken.Eom), ("unknown", SpecialToken.Unknown),
            ("seperator", SpecialToken.Separator), ("padding", SpecialToken.Padding), ("cls", SpecialToken.Classification), ("mask", SpecialToken.Mask),
        ];
        return new TokenizerAssets
        {
            Model = Text("model")!,
            PreTokenizer = Text("pre"),
            Tokens = Strings("tokens"),
            Scores = Get<float[]>("scores") ?? [],
            Kinds = [.. (Get<int[]>("token_type") ?? []).Select(k => (TokenKind)k)],
            Merges = [.. Strings("merges").Select(Encoding.UTF8.GetString)],
            Special = roles.Where(r => metadata.ContainsKey($"tokenizer.ggml.{r.Key}_token_id")).ToDictionary(r => r.Role, r => (int)Get<uint>($"{r.Key}_token_id")),
            AddBos = Get<bool?>("add_bos_token"),
            AddEos = Get<bool?>("add_eos_token"),
            AddSpacePrefix = Get<bool?>("add_space_prefix"),
            RemoveExtraWhitespaces = Get<bool?>("remove_extra_whitespaces"),
            ModelName = metadata.TryGetValue("general.name", out object? name) ? Encoding.UTF8.GetString((byte[])name) : null,
            PrecompiledCharsMap = Get<byte[]>("precompiled_charsmap") ?? [],
        };
    }

    private static Dictionary<string, object> ReadMetadata(string path)
    {
        using BinaryReader reader = new(File.OpenRead(path));
        reader.ReadBytes(16); // magic, version, number of tensors
        ulong count = reader.ReadUInt64();
        Dictionary<string, object> metadata = [];
        for (ulong i = 0; i < count; i++)
        {
            string key = Encoding.UTF8.GetString(ReadString(reader));
            metadata[key] = ReadValue(reader, reader.ReadUInt32());
        }
        return metadata;
    }

    private static byte[] ReadString(BinaryReader reader) => reader.ReadBytes((int)reader.ReadUInt64());

    private static object ReadValue(BinaryReader reader, uint type) => type switch
    {
        0 => reader.ReadByte(),
        1 => reader.ReadSByte(),
        2 => reader.ReadUInt16(),
        3 => reader.ReadInt16(),
        4 => reader.ReadUInt32(),
        5 => reader.ReadInt32(),
        6 => reader.ReadSingle(),
        7 => reader.ReadBoolean(),
        8 => ReadString(reader),
        9 => ReadArray(reader, reader.ReadUInt32(), (int)reader.ReadUInt64()),
        10 => reader.ReadUInt64(),
        11 => reader.ReadInt64(),
        12 => reader.ReadDouble(),
        _ => throw new InvalidDataException($"GGUF value type {type} is not known"),
    };

    private static object ReadArray(BinaryReader reader, uint type, int length)
    {
        object[] values = new object[length];
        for (int i = 0; i < length; i++)
            values[i] = ReadValue(reader, type);
        return type switch
        {
            0 => values.Cast<byte>().ToArray(),
            5 => values.Cast<int>().ToArray(),
            6 => values.Cast<float>().ToArray(),
            8 => values.Cast<byte[]>().ToArray(),
            _ => values,
        };
    }
}
