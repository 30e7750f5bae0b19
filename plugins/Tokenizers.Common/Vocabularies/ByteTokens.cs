using System.Globalization;
using System.Text;

namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>Tokens of one byte, spelled <c>&lt;0xNN&gt;</c>.</summary>
public static class ByteTokens
{
    /// <summary>The byte that a spelling stands for.</summary>
    /// <exception cref="ModelFormatException">The spelling is no such one.</exception>
    public static byte Parse(int id, ReadOnlySpan<byte> spelling)
    {
        if (spelling.Length == 6 && spelling.StartsWith("<0x"u8) && spelling[5] == '>'
            && byte.TryParse(spelling[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            return value;
        throw new ModelFormatException($"tokenizer.ggml.tokens: byte token {id} is spelled '{Encoding.UTF8.GetString(spelling)}', expected <0xNN>");
    }

    /// <summary>The token of each of the 256 bytes, or −1.</summary>
    public static int[] Find(TokenTable table)
    {
        int[] ids = new int[256];
        Array.Fill(ids, -1);
        for (int id = 0; id < table.Count; id++)
            if (table.Kind(id) == TokenKind.Byte && ids[table.Piece(id)[0]] < 0)
                ids[table.Piece(id)[0]] = id;
        return ids;
    }
}
