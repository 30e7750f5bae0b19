using System.Collections.Concurrent;
using System.Reflection;
using System.Text;

namespace Tessera.Kernels.Metal;

/// <summary>The texts that are compiled: definitions, then embedded files one after the other.</summary>
internal static class KernelText
{
    private static readonly string[] Products = ["matvec", "embed"];
    private static readonly ConcurrentDictionary<string, string> Files = new(StringComparer.Ordinal);

    /// <summary>The types that have kernels: which files define each, and the rows of a simdgroup.</summary>
    private static readonly Dictionary<string, (string[] Files, int Rows)> Types = new(StringComparer.Ordinal)
    {
        ["f32"] = (["Types/f32", "floats"], 4),
        ["f16"] = (["Types/f16", "floats"], 4),
        ["bf16"] = (["Types/bf16", "floats"], 4),
        ["q4_0"] = (["nibbles", "Types/q4_0", "blocks"], 4),
        ["q4_1"] = (["nibbles", "Types/q4_1", "blocks"], 4),
        ["q5_0"] = (["nibbles", "Types/q5_0", "blocks"], 4),
        ["q5_1"] = (["nibbles", "Types/q5_1", "blocks"], 4),
        ["q8_0"] = (["Types/q8_0", "blocks"], 2),
        ["q2_k"] = (["quarters", "Types/q2_k", "blocks"], 4),
        ["q3_k"] = (["quarters", "Types/q3_k", "blocks"], 2),
        ["q4_k"] = (["sixes", "Types/q4_k", "blocks"], 2),
        ["q5_k"] = (["sixes", "Types/q5_k", "blocks"], 2),
        ["q6_k"] = (["quarters", "Types/q6_k", "blocks"], 2),
        ["iq4_nl"] = (["levels_iq4", "levels", "Types/iq4_nl", "blocks"], 2),
        ["iq4_xs"] = (["levels_iq4", "Types/iq4_xs", "blocks"], 2),
        ["mxfp4"] = (["levels_fp4", "levels", "Types/mxfp4", "blocks"], 2),
    };

    /// <summary>The ids of the types that have kernels.</summary>
    public static IReadOnlyCollection<string> TypeIds => Types.Keys;

    /// <summary>Whether a type has kernels.</summary>
    public static bool Has(string type) => Types.ContainsKey(type);

    /// <summary>Outputs of a simdgroup in a matrix-vector product.</summary>
    public static int RowsOf(string type) => Types[type].Rows;

    /// <summary>The products and look-ups of a type.</summary>
    /// <param name="type">One of <see cref="TypeIds"/>.</param>
    /// <param name="tiles">With the tiled product, which needs matrices of a simdgroup.</param>
    public static string OfType(string type, bool tiles)
    {
        (string[] files, int rows) = Types[type];
        return Join([("ROWS", $"{rows}")], [.. files, .. Products, .. tiles ? (string[])["matmul"] : []]);
    }

    /// <summary>A family of kernels that nothing specialises.</summary>
    public static string Of(params string[] files) => Join([], files);

    /// <summary>Attention over heads of given lengths.</summary>
    public static string Attention(int keyLength, int valueLength, bool isHalf) =>
        Join([("KEY", $"{keyLength}"), ("VALUE", $"{valueLength}"), ("KV_T", isHalf ? "half" : "float")], ["cache", "turns", "prepare", "put", "attention"]);

    /// <summary>Attention among rows.</summary>
    public static string Encoder(int keyLength, int valueLength) => Join([("KEY", $"{keyLength}"), ("VALUE", $"{valueLength}")], ["encoder"]);

    /// <summary>Pools.</summary>
    public static string Pool() => Join([("POOL_FIRST", $"{(int)PoolingKind.First}"), ("POOL_LAST", $"{(int)PoolingKind.Last}")], ["pool"]);

    /// <summary>Attention of tiles of queries.</summary>
    /// <param name="keyLength">Elements of a key.</param>
    /// <param name="valueLength">Elements of a value.</param>
    /// <param name="isHalf">Whether the cache holds halves.</param>
    /// <param name="keys">The keys that are taken at a time: 8, 16 or 32.</param>
    public static string Prefill(int keyLength, int valueLength, bool isHalf, int keys) =>
        Join([("KEY", $"{keyLength}"), ("VALUE", $"{valueLength}"), ("KV_T", isHalf ? "half" : "float"), ("KEYS", $"{keys}")], ["cache", "put", "prefill"]);

    private static string Join(IEnumerable<(string Name, string Value)> definitions, IEnumerable<string> files)
    {
        StringBuilder text = new();
        foreach ((string name, string value) in definitions)
            text.Append("#define ").Append(name).Append(' ').Append(value).Append('\n');
        foreach (string file in files.Prepend("arguments").Prepend("common"))
            text.Append(Files.GetOrAdd(file, Read)).Append('\n');
        return text.ToString();
    }

    private static string Read(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{file}.metal") ?? throw new InvalidOperationException($"the assembly has no text '{file}.metal'");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
