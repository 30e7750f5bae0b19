namespace Tessera.Trainer.Tokenizers;

/// <summary>A byte-level BPE vocabulary: 256 bytes, the merges in order, then the special tokens.</summary>
internal sealed class Vocabulary(IReadOnlyList<(int Left, int Right)> merges)
{
    public const int Size = 2048;

    public static readonly string[] Special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

    /// <summary>GPT-2's printable stand-ins for the 256 bytes, in byte order.</summary>
    private static readonly string[] Alphabet = MakeAlphabet();

    public const int MergeCount = Size - 256 - 3;

    public const int EndOfText = Size - 3, Start = Size - 2, End = Size - 1;

    public IReadOnlyList<(int Left, int Right)> Merges { get; } = merges;

    /// <summary>Every token as files spell it; the index is the id.</summary>
    public string[] Spellings { get; } = Spell(merges);

    /// <summary>The merges as files spell them: "left right".</summary>
    public string[] SpelledMerges => [.. Merges.Select(m => $"{Spellings[m.Left]} {Spellings[m.Right]}")];

    /// <summary>The bytes of a token that is not special.</summary>
    public IEnumerable<byte> Bytes(int id) => id < 256 ? [(byte)id] : Bytes(Merges[id - 256].Left).Concat(Bytes(Merges[id - 256].Right));

    private static string[] Spell(IReadOnlyList<(int Left, int Right)> merges)
    {
        List<string> all = [.. Alphabet];
        foreach ((int left, int right) in merges)
            all.Add(all[left] + all[right]);
        all.AddRange(Special);
        return [.. all];
    }

    private static string[] MakeAlphabet()
    {
        string[] alphabet = new string[256];
        int next = 256;
        for (int b = 0; b < 256; b++)
            alphabet[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? ((char)b).ToString() : ((char)next++).ToString();
        return alphabet;
    }
}
