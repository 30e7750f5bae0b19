using System.Globalization;
using System.Text;

namespace Tessera.Tokenizer.Bpe.Rwkv;

/// <summary>How RWKV's vocabulary spells bytes: <c>\t</c>, <c>\n</c>, <c>\r</c>, <c>\xNN</c>; any other character behind a backslash stands for itself.</summary>
internal static class RwkvSpelling
{
    /// <summary>Appends the bytes that a spelling stands for.</summary>
    /// <exception cref="ModelFormatException">An escape is cut off or has no hexadecimal digits.</exception>
    public static void Decode(int id, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        for (int i = 0; i < spelling.Length; i++)
        {
            if (spelling[i] != '\\')
            {
                bytes.Add(spelling[i]);
                continue;
            }
            if (++i == spelling.Length)
                throw Broken(id, spelling);
            switch (spelling[i])
            {
                case (byte)'t':
                    bytes.Add((byte)'\t');
                    break;
                case (byte)'n':
                    bytes.Add((byte)'\n');
                    break;
                case (byte)'r':
                    bytes.Add((byte)'\r');
                    break;
                case (byte)'x':
                    if (spelling.Length - i < 3 || !byte.TryParse(spelling.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
                        throw Broken(id, spelling);
                    bytes.Add(value);
                    i += 2;
                    break;
                default:
                    bytes.Add(spelling[i]);
                    break;
            }
        }
    }

    private static ModelFormatException Broken(int id, ReadOnlySpan<byte> spelling) =>
        new($"tokenizer.ggml.tokens: token {id} is spelled '{Encoding.UTF8.GetString(spelling)}', which ends inside an escape or has one that is not \\xNN");
}
