using System.Globalization;
using System.Text.RegularExpressions;

namespace Tessera.MetalEmulator.Lint;

/// <summary>A line of clang's dump of a syntax tree.</summary>
internal sealed partial class SyntaxNode
{
    public required string Kind { get; init; }

    /// <summary>What follows the position: name, type and marks.</summary>
    public required string Detail { get; init; }

    public required string Address { get; init; }

    /// <summary>The address of an earlier declaration of the same thing; empty where there is none.</summary>
    public required string Previous { get; init; }

    /// <summary>A class that is derived from another.</summary>
    public bool HasBase { get; private set; }

    /// <summary>The file and line where the node begins, or where its name is.</summary>
    public required string File { get; init; }

    public required int Line { get; init; }

    public SyntaxNode? Parent { get; init; }

    public List<SyntaxNode> Children { get; } = [];

    /// <summary>Reads a dump: the nodes in order.</summary>
    public static List<SyntaxNode> Read(string dump)
    {
        List<SyntaxNode> nodes = [];
        List<SyntaxNode> open = [];
        string file = "";
        int line = 0;
        foreach (string text in dump.Split('\n'))
        {
            int depth = Depth(text);
            Match head = Head().Match(text[depth..]);
            if (!head.Success)
            {
                if (Base().IsMatch(text[depth..]) && depth / 2 - 1 < open.Count)
                    open[depth / 2 - 1].HasBase = true;
                continue;
            }
            depth /= 2;
            string rest = text[(2 * depth + head.Length)..];
            (rest, bool placed, string beginFile, int beginLine) = Position(rest, ref file, ref line);
            if (open.Count > depth)
                open.RemoveRange(depth, open.Count - depth);
            SyntaxNode? parent = open.Count > 0 ? open[^1] : null;
            SyntaxNode node = new()
            {
                Kind = head.Groups[1].Value,
                Address = head.Groups[2].Value,
                Previous = head.Groups[3].Value,
                Detail = rest,
                File = placed ? beginFile : parent?.File ?? "",
                Line = placed ? beginLine : parent?.Line ?? 0,
                Parent = parent,
            };
            parent?.Children.Add(node);
            open.Add(node);
            nodes.Add(node);
        }
        return nodes;
    }

    /// <summary>The node's ancestors, the nearest first.</summary>
    public IEnumerable<SyntaxNode> Ancestors()
    {
        for (SyntaxNode? n = Parent; n is not null; n = n.Parent)
            yield return n;
    }

    /// <summary>The node's type with every alias resolved; empty where it has none.</summary>
    public string Type
    {
        get
        {
            // 'alias':'type', or 'type' alone.
            Match quoted = Quoted().Match(Detail);
            return quoted.Groups[2].Success ? quoted.Groups[2].Value : quoted.Groups[1].Value;
        }
    }

    public bool Has(string mark) => Detail.Split(' ').Contains(mark);

    // The dump draws the tree with two characters a level.
    private static int Depth(string text)
    {
        int depth = 0;
        while (depth < text.Length && text[depth] is '|' or ' ' or '`' or '-')
            depth++;
        return depth;
    }

    // clang writes of a position only what differs from the one before: the file, the line, or the column alone.
    private static (string Detail, bool Placed, string File, int Line) Position(string rest, ref string file, ref int line)
    {
        if (!rest.StartsWith('<'))
            return (rest, false, "", 0);
        int depth = 0, end = 0;
        do
            depth += rest[end] == '<' ? 1 : rest[end] == '>' ? -1 : 0;
        while (++end < rest.Length && depth > 0);
        bool first = true, placed = false;
        (string beginFile, int beginLine) = ("", 0);
        foreach (string part in rest[1..(end - 1)].Split(", "))
        {
            bool known = Move(part, ref file, ref line);
            if (first && known)
                (placed, beginFile, beginLine) = (true, file, line);
            first = false;
        }
        rest = rest[end..].TrimStart();
        int space = rest.IndexOf(' ', StringComparison.Ordinal);
        string name = space < 0 ? rest : rest[..space];
        if (!Move(name, ref file, ref line))
            return (rest, placed, beginFile, beginLine);
        return (space < 0 ? "" : rest[(space + 1)..], true, file, line);
    }

    private static bool Move(string position, ref string file, ref int line)
    {
        Match m = Place().Match(position);
        if (!m.Success)
            return false;
        if (m.Groups["file"].Success)
            file = m.Groups["file"].Value;
        if (m.Groups["line"].Success)
            line = int.Parse(m.Groups["line"].Value, CultureInfo.InvariantCulture);
        return true;
    }

    [GeneratedRegex(@"^([A-Za-z]\w*) (0x[0-9a-f]+) (?:parent 0x[0-9a-f]+ )?(?:prev (0x[0-9a-f]+) )?")]
    private static partial Regex Head();

    [GeneratedRegex(@"^(?:col:\d+|line:(?<line>\d+):\d+|(?<file>[^:'""]+):(?<line>\d+):\d+)$")]
    private static partial Regex Place();

    [GeneratedRegex("^(?:virtual )?(?:public|protected|private) '")]
    private static partial Regex Base();

    [GeneratedRegex("'([^']*)'(?::'([^']*)')?")]
    private static partial Regex Quoted();
}
