namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>Chameleon's sentinels: <c>&lt;sentinel:[0-9]+&gt;</c>.</summary>
public readonly struct SentinelRule : ISplitRule
{
    private const string Start = "<sentinel:";

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (!Scan.Starts(text, at, end, Start))
            return ~(at + 1);
        int run = at + Start.Length;
        while (run < end && text[run] is >= '0' and <= '9')
            run++;
        return run > at + Start.Length && run < end && text[run] == '>' ? run + 1 : ~run;
    }
}

/// <summary>Chameleon's image tokens: <c>(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z</c>.</summary>
public readonly struct ImageTokenRule : ISplitRule
{
    private const string Start = "IMGIMG";

    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (!Scan.Starts(text, at, end, Start))
            return ~(at + 1);
        int first = at + Start.Length;
        int run = first;
        while (run < end && run < first + 4 && text[run] is >= 'A' and <= 'I')
            run++;
        return run > first && run < end && text[run] == 'Z' ? run + 1 : ~(at + 1);
    }
}

/// <summary>Chameleon's white space: <c>[\t\n]|    |  </c>.</summary>
public readonly struct SpacePairRule : ISplitRule
{
    /// <inheritdoc/>
    public int Match(CodePoints text, int at, int end)
    {
        if (text[at] is '\t' or '\n')
            return at + 1;
        if (Scan.Starts(text, at, end, "    "))
            return at + 4;
        return Scan.Starts(text, at, end, "  ") ? at + 2 : ~(at + 1);
    }
}
