using System.Text.RegularExpressions;

namespace Tessera.MetalEmulator.Lint;

/// <summary>Rules that the syntax tree decides.</summary>
internal static partial class TreeRules
{
    private static readonly Dictionary<string, (string Rule, string Text)> Kinds = new()
    {
        ["LambdaExpr"] = (DialectRules.Lambda, "pass a functor's type instead"),
        ["StmtExpr"] = (DialectRules.GnuExtension, "a statement in an expression"),
        ["BinaryConditionalOperator"] = (DialectRules.GnuExtension, "a ?: b"),
        ["AddrLabelExpr"] = (DialectRules.GnuExtension, "the address of a label"),
        ["IndirectGotoStmt"] = (DialectRules.GnuExtension, "a computed goto"),
    };

    public static IEnumerable<DialectFinding> Of(List<SyntaxNode> nodes, string file)
    {
        foreach (SyntaxNode node in nodes.Where(n => n.File == file && !IsImplicit(n)))
        {
            if (Kinds.TryGetValue(node.Kind, out (string Rule, string Text) banned))
                yield return new DialectFinding(banned.Rule, node.Line, banned.Text);
            DialectFinding? finding = node.Kind switch
            {
                "VarDecl" => Variable(node) ?? Space(node, node.Type),
                "ParmVarDecl" or "FieldDecl" => Space(node, node.Type),
                "FunctionDecl" or "CXXMethodDecl" => Space(node, ReturnType(node.Type)),
                "CStyleCastExpr" or "CXXReinterpretCastExpr" or "CXXStaticCastExpr" or "CXXFunctionalCastExpr" => Space(node, node.Type),
                "ExtVectorElementExpr" => Swizzle(node),
                "BinaryOperator" => Comparison(node),
                "CXXRecordDecl" => Base(node),
                _ => null,
            };
            if (finding is not null)
                yield return finding;
        }
        foreach (DialectFinding finding in Recursion(nodes, file))
            yield return finding;
    }

    private static bool IsImplicit(SyntaxNode node) => node.Has("implicit") || node.Ancestors().Any(a => a.Kind.EndsWith("Decl", StringComparison.Ordinal) && a.Has("implicit"));

    private static bool InFunction(SyntaxNode node) =>
        node.Ancestors().Any(a => a.Kind is "FunctionDecl" or "CXXMethodDecl" or "CXXConstructorDecl" or "CXXConversionDecl");

    private static DialectFinding? Variable(SyntaxNode node)
    {
        bool constant = node.Type.Contains("__constant", StringComparison.Ordinal);
        if (InFunction(node))
            return node.Has("static") && !node.Type.Contains("__local", StringComparison.Ordinal)
                ? new DialectFinding(DialectRules.LocalStatic, node.Line, "a static variable inside a function")
                : null;
        return constant ? null : new DialectFinding(DialectRules.MutableGlobal, node.Line, "a variable outside functions must be constant");
    }

    // What has no address space of its own is __generic to clang.
    private static DialectFinding? Space(SyntaxNode node, string type) => type.Contains("__generic", StringComparison.Ordinal)
        ? new DialectFinding(DialectRules.AddressSpace, node.Line, $"a pointer or reference needs device, threadgroup, constant or thread ({type})")
        : null;

    // 'int (const float *)': what comes before the parameters. The space of a method's object, after them, may be left out.
    private static string ReturnType(string type)
    {
        int parameters = type.IndexOf('(', StringComparison.Ordinal);
        return parameters < 0 ? "" : type[..parameters];
    }

    private static DialectFinding? Swizzle(SyntaxNode node)
    {
        string component = node.Detail.Split(' ')[^1];
        return Xyzw().IsMatch(component) ? null : new DialectFinding(DialectRules.OpenClSwizzle, node.Line, $".{component}");
    }

    private static DialectFinding? Comparison(SyntaxNode node) =>
        node.Type.Contains("ext_vector_type", StringComparison.Ordinal) && ComparisonSign().IsMatch(node.Detail)
            ? new DialectFinding(DialectRules.VectorComparison, node.Line, "vectors compare to bool vectors in Metal, and to 0 and -1 here: compare components")
            : null;

    private static DialectFinding? Base(SyntaxNode node) =>
        node.HasBase ? new DialectFinding(DialectRules.Inheritance, node.Line, "a derived class") : null;

    private static IEnumerable<DialectFinding> Recursion(List<SyntaxNode> nodes, string file)
    {
        List<SyntaxNode> declared = [.. nodes.Where(n => n.File == file && n.Kind is "FunctionDecl" or "CXXMethodDecl")];
        Dictionary<string, string> previous = declared.Where(f => f.Previous.Length > 0).DistinctBy(f => f.Address).ToDictionary(f => f.Address, f => f.Previous);
        string First(string address)
        {
            while (previous.TryGetValue(address, out string? before))
                address = before;
            return address;
        }
        ILookup<string, string> calls = nodes.Where(n => n.File == file && n.Kind is "DeclRefExpr" or "MemberExpr")
            .Select(n => (Caller: n.Ancestors().FirstOrDefault(a => a.Kind is "FunctionDecl" or "CXXMethodDecl"), Callee: Referred().Match(n.Detail)))
            .Where(c => c.Caller is not null && c.Callee.Success)
            .ToLookup(c => First(c.Caller!.Address), c => First(c.Callee.Groups[1].Value));
        foreach (SyntaxNode function in declared.Where(f => f.Previous.Length == 0))
            if (Reaches(calls, function.Address, function.Address, []))
                yield return new DialectFinding(DialectRules.Recursion, function.Line, "a function that calls itself, perhaps through another");
    }

    private static bool Reaches(ILookup<string, string> calls, string from, string to, HashSet<string> seen) =>
        calls[from].Any(next => next == to || (seen.Add(next) && Reaches(calls, next, to, seen)));

    [GeneratedRegex("^[xyzw]{1,4}$|^[rgba]{1,4}$")]
    private static partial Regex Xyzw();

    [GeneratedRegex("' '(?:<|>|<=|>=|==|!=)'")]
    private static partial Regex ComparisonSign();

    // `Function 0x… 'f'` of a name, `->f 0x…` of a member.
    [GeneratedRegex(@"(?:(?:Function|CXXMethod) |(?:->|\.)\S+ )(0x[0-9a-f]+)")]
    private static partial Regex Referred();
}
