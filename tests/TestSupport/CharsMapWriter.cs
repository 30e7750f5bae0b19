using System.Buffers.Binary;
using System.Text;

namespace Tessera.TestSupport;

/// <summary>Builds SentencePiece's compiled character map: a double array of the keys, then their replacements.</summary>
public static class CharsMapWriter
{
    /// <summary>The map's bytes.</summary>
    public static byte[] Write(params (string From, string To)[] rules)
    {
        List<byte> replacements = [];
        SortedDictionary<byte[], int> keys = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));
        foreach ((string from, string to) in rules)
        {
            keys.Add(Encoding.UTF8.GetBytes(from), replacements.Count);
            replacements.AddRange([.. Encoding.UTF8.GetBytes(to), 0]);
        }
        Dictionary<int, uint> units = new() { [0] = 0 };
        Place(units, [], 0, [.. keys], 0);
        int count = (units.Keys.Max() | 0xFF) + 1;
        byte[] result = new byte[4 + 4 * count + replacements.Count];
        BinaryPrimitives.WriteInt32LittleEndian(result, 4 * count);
        foreach ((int index, uint unit) in units)
            BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(4 + 4 * index), unit);
        replacements.CopyTo(result, 4 + 4 * count);
        return result;
    }

    private static void Place(Dictionary<int, uint> units, HashSet<int> bases, int node, KeyValuePair<byte[], int>[] keys, int depth)
    {
        bool ends = keys.Length > 0 && keys[0].Key.Length == depth;
        var groups = keys.Skip(ends ? 1 : 0).GroupBy(k => k.Key[depth]).ToArray();
        byte[] labels = [.. ends ? [(byte)0] : Array.Empty<byte>(), .. groups.Select(g => g.Key)];
        int at = 1;
        // No two nodes share a base: labels alone tell whose child a unit is.
        while (bases.Contains(at) || labels.Any(l => units.ContainsKey(at ^ l)))
            at++;
        bases.Add(at);
        units[node] |= (uint)(node ^ at) << 10 | (ends ? 1u << 8 : 0);
        if (ends)
            units[at] = 1u << 31 | (uint)keys[0].Value;
        foreach (var group in groups)
            units[at ^ group.Key] = group.Key;
        foreach (var group in groups)
            Place(units, bases, at ^ group.Key, [.. group], depth + 1);
    }
}
