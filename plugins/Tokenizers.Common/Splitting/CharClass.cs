using System.Globalization;
using System.Text;

namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>What a pre-tokenizer's pattern can ask of a code point.</summary>
[Flags]
public enum CharClass : ushort
{
    /// <summary>None of the others: controls, formats, private and unassigned code points.</summary>
    None = 0,
    /// <summary>Lu, Lt.</summary>
    Upper = 1,
    /// <summary>Ll.</summary>
    Lower = 2,
    /// <summary>Lm, Lo.</summary>
    OtherLetter = 4,
    /// <summary>M.</summary>
    Mark = 8,
    /// <summary>N.</summary>
    Number = 16,
    /// <summary>P.</summary>
    Punctuation = 32,
    /// <summary>S.</summary>
    Symbol = 64,
    /// <summary>White_Space: <c>\s</c>.</summary>
    White = 128,
    /// <summary>CR and LF; they are White too.</summary>
    Newline = 256,
    /// <summary>Nd; they are Number too.</summary>
    Digit = 512,
    /// <summary>Pc; they are Punctuation too.</summary>
    Connector = 1024,
    /// <summary>L.</summary>
    Letter = Upper | Lower | OtherLetter,
    /// <summary><c>\w</c>: L, M, Nd, Pc.</summary>
    Word = Letter | Mark | Digit | Connector,
}

/// <summary>Finds the class of a code point in Unicode's tables.</summary>
public static class CharClasses
{
    // By UnicodeCategory: Lu Ll Lt Lm Lo, Mn Mc Me, Nd Nl No, Zs Zl Zp, Cc Cf Cs Co, Pc Pd Ps Pe Pi Pf Po, Sm Sc Sk So, Cn.
    private static ReadOnlySpan<byte> ByCategory =>
        [1, 2, 1, 4, 4, 8, 8, 8, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 32, 32, 32, 32, 32, 32, 32, 64, 64, 64, 64, 0];

    /// <summary>The class of a code point.</summary>
    public static CharClass Of(Rune rune)
    {
        UnicodeCategory category = Rune.GetUnicodeCategory(rune);
        CharClass known = (CharClass)ByCategory[(int)category];
        if (category == UnicodeCategory.DecimalDigitNumber)
            known |= CharClass.Digit;
        else if (category == UnicodeCategory.ConnectorPunctuation)
            known |= CharClass.Connector;
        if (known == CharClass.None && Rune.IsWhiteSpace(rune))
            known = rune.Value is '\r' or '\n' ? CharClass.White | CharClass.Newline : CharClass.White;
        return known;
    }
}
