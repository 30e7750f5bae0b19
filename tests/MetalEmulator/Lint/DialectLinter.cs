namespace Tessera.MetalEmulator.Lint;

/// <summary>Finds in a kernel's source what clang compiles for this machine, and Apple's compiler is known to reject or to understand otherwise.</summary>
public static class DialectLinter
{
    /// <summary>The name that positions in a source have; Compiler.cpp gives it.</summary>
    private const string SourceFile = "program_source";

    /// <summary>Checks a whole source, as it is given to newLibraryWithSource. Empty: the source is in the dialect.</summary>
    public static IReadOnlyList<DialectFinding> Check(string source)
    {
        Emulator.Require();
        EmulatorLibrary library = EmulatorLibrary.Instance;
        List<DialectFinding> findings = [.. WordRules.OfSource(SourceToken.Split(source))];
        if (library.Preprocess(source, out string error) is not { } preprocessed)
            return [.. findings, new DialectFinding(DialectRules.Compiler, 0, error)];
        findings.AddRange(WordRules.OfPreprocessed(SourceToken.Split(preprocessed, SourceFile)));
        if (library.SyntaxTree(source, out error) is not { } tree)
            return [.. findings, new DialectFinding(DialectRules.Compiler, 0, error)];
        findings.AddRange(TreeRules.Of(SyntaxNode.Read(tree), SourceFile));
        return findings;
    }
}
