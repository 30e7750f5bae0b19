namespace Tessera.Tokenizer.Bpe.PreTokenizers;

/// <summary>Ranges in the patterns of Youtu and AFMoE.</summary>
internal static class EastAsianRanges
{
    /// <summary><c>[가-힣ㄱ-ㆎ]</c>.</summary>
    public static int[] Hangul => [0x3131, 0x318E, 0xAC00, 0xD7A3];

    /// <summary><c>[！…“”‘’—：；，、-〿︰-﹏]</c>.</summary>
    public static int[] Punctuation =>
        [0x2014, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x2026, 0x3001, 0x303F, 0xFE30, 0xFE4F, 0xFF01, 0xFF01, 0xFF0C, 0xFF0C, 0xFF1A, 0xFF1B];

    /// <summary><c>[ㄅ-ㄯ]</c>.</summary>
    public static int[] Bopomofo => [0x3105, 0x312F];

    /// <summary>Scripts that are written without spaces (Thai, Lao, Khmer, Burmese, Han, kana, Hangul), and all else up to U+FAFF that is above U+8C48: so the pattern has it.</summary>
    public static int[] WithoutSpaces =>
        [0x0E40, 0x0EFF, 0x1000, 0x109F, 0x1100, 0x11FF, 0x1780, 0x17FF, 0x2F00, 0x2FDF, 0x3040, 0x30FF, 0x3400, 0x4DBF, 0x4E00, 0xFAFF, 0xFF65, 0xFF9F];
}
