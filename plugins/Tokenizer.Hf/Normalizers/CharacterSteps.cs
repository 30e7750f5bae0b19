using System.Globalization;
using System.Text;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>A step that looks at one code point after the other.</summary>
internal abstract class CharacterStep : Normalizer
{
    public sealed override void Apply(TextBuffer text)
    {
        ReadOnlySpan<char> rest = text.Text;
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf16(rest, out Rune rune, out int used);
            Map(rune, text);
            rest = rest[used..];
        }
        text.Commit();
    }

    /// <summary>Writes what a code point becomes, or skips it.</summary>
    protected abstract void Map(Rune rune, TextBuffer text);
}

/// <summary>Lower case, each code point by itself: a capital sigma at a word's end is no final one.</summary>
internal sealed class Lowercase : CharacterStep
{
    protected override void Map(Rune rune, TextBuffer text)
    {
        // The only code point of which the lower case is two: i and a dot above.
        if (rune.Value == 0x130)
            text.Write("i\u0307");
        else
            text.Write(Lower(rune));
    }

    // The runtime keeps the Kelvin sign apart from ASCII.
    private static Rune Lower(Rune rune) => rune.Value == 0x212A ? new Rune('k') : Rune.ToLowerInvariant(rune);
}

/// <summary>Leaves out marks, decomposed as they are.</summary>
internal sealed class StripAccents(bool nonspacingOnly) : CharacterStep
{
    protected override void Map(Rune rune, TextBuffer text)
    {
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        if (category == UnicodeCategory.NonSpacingMark || (!nonspacingOnly && category is UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))
            text.Skip();
        else
            text.Write(rune);
    }
}

/// <summary>SentencePiece's rules for machine translation: controls go, odd white space becomes a space.</summary>
internal sealed class Nmt : CharacterStep
{
    protected override void Map(Rune rune, TextBuffer text)
    {
        switch (rune.Value)
        {
            case (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F:
                text.Skip();
                break;
            case 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD:
                text.Write(' ');
                break;
            default:
                text.Write(rune);
                break;
        }
    }
}

/// <summary>BERT: controls go, white space becomes a space.</summary>
internal sealed class BertClean : CharacterStep
{
    protected override void Map(Rune rune, TextBuffer text)
    {
        if (rune.Value is '\t' or '\n' or '\r')
            text.Write(' ');
        else if (rune.Value is 0 or 0xFFFD || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse)
            text.Skip();
        else if (Rune.IsWhiteSpace(rune))
            text.Write(' ');
        else
            text.Write(rune);
    }
}

/// <summary>BERT: a space on each side of a Han character.</summary>
internal sealed class BertHan : CharacterStep
{
    protected override void Map(Rune rune, TextBuffer text)
    {
        bool han = IsHan(rune.Value);
        if (han)
            text.Write(' ');
        text.Write(rune);
        if (han)
            text.Write(' ');
    }

    // 2B920 is what the reference has; the block starts at 2B820.
    private static bool IsHan(int point) => point is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
