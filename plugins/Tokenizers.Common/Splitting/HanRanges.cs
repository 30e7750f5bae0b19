namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>The script Han of <see href="https://www.unicode.org/Public/16.0.0/ucd/Scripts.txt">Unicode 16</see>.</summary>
internal static class HanRanges
{
    // First and last of each range, ascending.
    private static ReadOnlySpan<int> Ranges =>
    [
        0x2E80, 0x2E99, 0x2E9B, 0x2EF3, 0x2F00, 0x2FD5, 0x3005, 0x3005, 0x3007, 0x3007, 0x3021, 0x3029, 0x3038, 0x303B,
        0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xF900, 0xFA6D, 0xFA70, 0xFAD9, 0x16FE2, 0x16FE3, 0x16FF0, 0x16FF1,
        0x20000, 0x2A6DF, 0x2A700, 0x2B739, 0x2B740, 0x2B81D, 0x2B820, 0x2CEA1, 0x2CEB0, 0x2EBE0, 0x2EBF0, 0x2EE5D,
        0x2F800, 0x2FA1D, 0x30000, 0x3134A, 0x31350, 0x323AF,
    ];

    public static bool Has(int point)
    {
        if (point < 0x2E80)
            return false;
        ReadOnlySpan<int> ranges = Ranges;
        int i = 0;
        while (i < ranges.Length && ranges[i + 1] < point)
            i += 2;
        return i < ranges.Length && ranges[i] <= point;
    }

    public static int Run(CodePoints text, int at, int end)
    {
        while (at < end && Has(text[at]))
            at++;
        return at;
    }
}
