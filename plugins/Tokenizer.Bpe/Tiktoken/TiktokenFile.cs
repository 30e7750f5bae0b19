using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Tessera.Tokenizer.Bpe.Tiktoken;

/// <summary>Reads a <see href="https://github.com/openai/tiktoken">tiktoken</see> rank file: a line for each token, its bytes in base64, a space, its rank, which is its id.</summary>
internal static class TiktokenFile
{
    // Some files leave out a few ids in the middle, for special tokens.
    private const int LargestGap = 1 << 12;

    /// <summary>The bytes of each token; empty where an id is left out.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <exception cref="ModelFormatException">A line is not of this form, a token or rank is there twice, or a byte has no token.</exception>
    public static List<byte[]> Read(ReadOnlySpan<byte> file, string name)
    {
        List<byte[]> tokens = [];
        int count = 0;
        for (int line = 1; !file.IsEmpty; line++)
        {
            int feed = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> text = (feed < 0 ? file : file[..feed]).TrimEnd((byte)'\r');
            file = feed < 0 ? default : file[(feed + 1)..];
            if (text.IsEmpty)
                continue;
            (byte[] token, int rank) = Line(text) ?? throw new ModelFormatException($"{name}: line {line} is not the base64 of a token, a space and its rank");
            if (rank > count + LargestGap)
                throw new ModelFormatException($"{name}: line {line} has rank {rank} after {count} tokens");
            while (tokens.Count <= rank)
                tokens.Add([]);
            if (tokens[rank].Length > 0)
                throw new ModelFormatException($"{name}: line {line} has rank {rank} a second time");
            tokens[rank] = token;
            count++;
        }
        CheckBytes(tokens, name);
        return tokens;
    }

    /// <summary>Whether a file begins as such a file does.</summary>
    public static bool Probe(ReadOnlySpan<byte> file)
    {
        int feed = file.IndexOf((byte)'\n');
        return feed > 0 && Line(file[..feed].TrimEnd((byte)'\r')) is not null;
    }

    private static (byte[] Token, int Rank)? Line(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        if (space <= 0 || !int.TryParse(line[(space + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int rank))
            return null;
        byte[] token = new byte[Base64.GetMaxDecodedFromUtf8Length(space)];
        if (Base64.DecodeFromUtf8(line[..space], token, out _, out int length) != OperationStatus.Done || length == 0)
            return null;
        return (length == token.Length ? token : token[..length], rank);
    }

    private static void CheckBytes(List<byte[]> tokens, string name)
    {
        HashSet<int> bytes = [.. tokens.Where(t => t.Length == 1).Select(t => (int)t[0])];
        for (int value = 0; value < 256; value++)
            if (!bytes.Contains(value))
                throw new ModelFormatException($"{name}: byte 0x{value:X2} has no token");
    }
}
