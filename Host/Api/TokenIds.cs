using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>Reads and checks token ids.</summary>
internal static class TokenIds
{
    public static int[] Read(JsonElement array, string field, int vocabulary, string what = "a token id")
    {
        if (array.ValueKind != JsonValueKind.Array)
            throw ApiException.Invalid(field, "an array of token ids", FieldReader.Describe(array));
        int[] ids = new int[array.GetArrayLength()];
        int i = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id) || id < 0 || id >= vocabulary)
                throw ApiException.Invalid($"{field}[{i}]", $"{what} from 0 to {vocabulary - 1}", FieldReader.Describe(item));
            ids[i++] = id;
        }
        return ids;
    }

    /// <summary>The ids of a text, if the model has a row for each: its tokenizer may know more.</summary>
    /// <exception cref="ApiException">It has none for one of them.</exception>
    public static int[] Check(int[] ids, string field, int vocabulary)
    {
        foreach (int id in ids)
            if ((uint)id >= (uint)vocabulary)
                throw ApiException.Invalid(field, $"token ids from 0 to {vocabulary - 1}", $"{id}");
        return ids;
    }
}
