using System.Globalization;
using System.Text;
using Tessera.Tokenizers.Common;

namespace Tessera.Tokenizer.Bpe.WordPiece;

/// <summary>BERT's text rules: no controls; accents stripped and lower case, unless the model is a cased one; white space ends a word, punctuation and Han are words of their own.</summary>
/// <remarks>As <see href="https://huggingface.co/docs/tokenizers/api/normalizers">BertNormalizer and BertPreTokenizer</see> do it. Characters are decomposed by an
/// own table, because the runtime does not normalize text in invariant mode.</remarks>
internal sealed class BertNormalizer(bool lowercase = true, bool stripAccents = true)
{
    private readonly Dictionary<int, string> _bases = AccentTable.Read();

    /// <summary>Appends the words of a text, one after the other, and where each ends.</summary>
    public void Split(ReadOnlySpan<char> text, List<char> words, List<int> ends)
    {
        while (!text.IsEmpty)
        {
            StepCounter.Add();
            Rune.DecodeFromUtf16(text, out Rune rune, out int used);
            text = text[used..];
            if (IsRemoved(rune))
                continue;
            if (Rune.IsWhiteSpace(rune))
            {
                EndWord(words, ends);
                continue;
            }
            bool alone = IsHan(rune.Value);
            if (alone)
                EndWord(words, ends);
            Add(rune, words, ends);
            if (alone)
                EndWord(words, ends);
        }
        EndWord(words, ends);
    }

    private void Add(Rune rune, List<char> words, List<int> ends)
    {
        if (!stripAccents)
        {
            AddBase(rune, words, ends);
            return;
        }
        const int FirstSyllable = 0xAC00;
        int syllable = rune.Value - FirstSyllable;
        if ((uint)syllable < 19 * 21 * 28)
        {
            // Hangul syllables decompose by arithmetic into leading consonant, vowel and trailing consonant.
            words.Add((char)(0x1100 + syllable / (21 * 28)));
            words.Add((char)(0x1161 + syllable / 28 % 21));
            if (syllable % 28 != 0)
                words.Add((char)(0x11A7 + syllable % 28));
        }
        else if (_bases.TryGetValue(rune.Value, out string? parts))
        {
            foreach (Rune part in parts.EnumerateRunes())
                AddBase(part, words, ends);
        }
        else
        {
            AddBase(rune, words, ends);
        }
    }

    private void AddBase(Rune rune, List<char> words, List<int> ends)
    {
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        if (stripAccents && category == UnicodeCategory.NonSpacingMark)
            return;
        bool alone = IsPunctuation(rune, category);
        if (alone)
            EndWord(words, ends);
        Span<char> units = stackalloc char[2];
        words.AddRange(units[..(lowercase ? Rune.ToLowerInvariant(rune) : rune).EncodeToUtf16(units)]);
        if (alone)
            EndWord(words, ends);
    }

    private static void EndWord(List<char> words, List<int> ends)
    {
        if (words.Count > (ends.Count == 0 ? 0 : ends[^1]))
            ends.Add(words.Count);
    }

    private static bool IsRemoved(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static bool IsPunctuation(Rune rune, UnicodeCategory category) => category
        is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
        or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation
        || (rune.IsAscii && category is (UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol));

    // 2B920 is what the reference has; the block starts at 2B820.
    private static bool IsHan(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
