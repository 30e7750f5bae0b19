using System.Globalization;

namespace Tessera.Format.Gguf;

/// <summary>Sets of files: <c>NAME-00001-of-00003.gguf</c> with <c>split.no</c>, <c>split.count</c> and <c>split.tensors.count</c> in each.</summary>
internal static class GgufSplit
{
    private const string NumberKey = "split.no", CountKey = "split.count", TensorsKey = "split.tensors.count";
    private const string Ending = ".gguf", Between = "-of-";
    private const int Digits = 5;
    private const int NamesInMessage = 32;

    /// <summary>Reads the headers of the file that the user named and, where it belongs to a set, of all others; the first one holds the model's metadata.</summary>
    public static GgufHeader[] Open(IModelFiles files)
    {
        GgufHeader named = GgufHeader.Read(files.TryOpen(files.Name) ?? throw new ModelFormatException($"gguf: file '{files.Name}': not found"));
        if (Number(named.Keys, CountKey) is not { } count)
            return [named];
        if (count == 1)
        {
            Check([named]);
            return [named];
        }
        if (count is 0 or > GgufConstants.MaxShards)
            throw named.Keys.Broken(CountKey, $"1 to {GgufConstants.MaxShards}", $"{count}");
        if (!TryParse(files.Name, out string prefix, out int number, out int total) || total != count)
            throw named.Keys.Broken(CountKey, $"a file named …-0000N{Between}{count:D5}{Ending} in a set of {count}", $"'{files.Name}'");
        if (number < 1 || number > count)
            throw named.Keys.Broken(NumberKey, $"a file number from 1 to {count} in the name", $"'{files.Name}'");
        var set = new GgufHeader[count];
        set[number - 1] = named;
        OpenOthers(files, set, prefix);
        Check(set);
        return set;
    }

    private static void OpenOthers(IModelFiles files, GgufHeader?[] set, string prefix)
    {
        List<string> missing = [];
        for (int i = 0; i < set.Length; i++)
        {
            if (set[i] is not null)
                continue;
            string name = $"{prefix}-{i + 1:D5}{Between}{set.Length:D5}{Ending}";
            if (files.TryOpen(name) is { } file)
                set[i] = missing.Count == 0 ? GgufHeader.Read(file) : null;
            else
                missing.Add(name);
        }
        if (missing.Count == 0)
            return;
        string more = missing.Count > NamesInMessage ? $" and {missing.Count - NamesInMessage} more" : "";
        throw new ModelFormatException($"gguf: file '{files.Name}' is one of a set of {set.Length}; missing beside it: {string.Join(", ", missing.Take(NamesInMessage))}{more}");
    }

    private static void Check(GgufHeader[] set)
    {
        for (int i = 0; i < set.Length; i++)
        {
            Require(set[i].Keys, NumberKey, i);
            Require(set[i].Keys, CountKey, set.Length);
        }
        int total = set.Sum(s => s.Tensors.Count);
        HashSet<string> names = new(total, StringComparer.Ordinal);
        foreach (GgufHeader header in set)
        {
            Require(header.Keys, TensorsKey, total);
            foreach (GgufTensor tensor in header.Tensors)
                if (!names.Add(tensor.Name))
                    throw GgufErrors.Broken(header.Keys.FileName, $"tensor '{tensor.Name}'", "expected once in the set, found in an earlier file too");
        }
    }

    private static void Require(GgufKeys keys, string key, int expected)
    {
        int? found = Number(keys, key);
        if (found != expected)
            throw keys.Broken(key, $"{expected}", found is null ? "nothing" : $"{found}");
    }

    private static int? Number(GgufKeys keys, string key)
    {
        if (!keys.TryGet(key, out GgufEntry entry))
            return null;
        if (entry.IsArray || !GgufValueTypes.IsInteger(entry.Type))
            throw keys.Broken(key, "a whole number", entry.TypeText);
        Int128 value = keys.Integer(entry);
        return value >= 0 && value <= int.MaxValue ? (int)value : throw keys.Broken(key, "0 to 2^31 - 1", $"{value}");
    }

    private static bool TryParse(string name, out string prefix, out int number, out int total)
    {
        (prefix, number, total) = ("", 0, 0);
        if (!name.EndsWith(Ending, StringComparison.Ordinal))
            return false;
        ReadOnlySpan<char> stem = name.AsSpan(0, name.Length - Ending.Length);
        int tail = 1 + Digits + Between.Length + Digits;
        if (stem.Length < tail || stem[^tail] != '-' || !stem.Slice(stem.Length - Digits - Between.Length, Between.Length).SequenceEqual(Between))
            return false;
        prefix = stem[..^tail].ToString();
        return int.TryParse(stem.Slice(stem.Length - tail + 1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && int.TryParse(stem[^Digits..], NumberStyles.None, CultureInfo.InvariantCulture, out total);
    }
}
