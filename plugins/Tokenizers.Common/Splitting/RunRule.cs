namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>A run of some classes and ASCII characters, such as <c>\p{N}</c>, <c>\s?\p{L}+</c> or <c>[\p{P}$+]+</c>.</summary>
public readonly struct RunRule : ISplitRule
{
    private readonly CharClass _classes;
    private readonly bool _leadingSpace;
    private readonly int _most;
    private readonly UInt128 _ascii;

    /// <summary>Describes the run.</summary>
    /// <param name="classes">Its classes.</param>
    /// <param name="most">Its greatest length.</param>
    /// <param name="leadingSpace">Whether one white space may stand in front of it.</param>
    /// <param name="ascii">Further characters of it.</param>
    public RunRule(CharClass classes, int most = int.MaxValue, bool leadingSpace = false, string ascii = "")
    {
        (_classes, _most, _leadingSpace) = (classes, most, leadingSpace);
        foreach (char c in ascii)
            _ascii |= UInt128.One << c;
    }

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (_leadingSpace && at + 1 < end && text.Is(at, CharClass.White) && Has(text, at + 1))
            return Run(text, at + 1, end);
        return Has(text, at) ? Run(text, at, end) : ~(at + 1);
    }

    private int Run(CodePoints text, int at, int end)
    {
        end = (int)Math.Min(end, (long)at + _most);
        while (at < end && Has(text, at))
            at++;
        return at;
    }

    private bool Has(CodePoints text, int at) => text.Is(at, _classes) || (text[at] < 128 && (_ascii >> text[at] & 1) != 0);
}
