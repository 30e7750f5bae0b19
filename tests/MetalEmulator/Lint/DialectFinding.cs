namespace Tessera.MetalEmulator.Lint;

/// <summary>A place in a kernel's source that clang takes and Apple's compiler does not, or that means something else there.</summary>
/// <param name="Rule">The rule's name: what <see cref="DialectRules"/> calls it; "compiler" where the source does not compile at all.</param>
/// <param name="Line">The line of the source, from 1; 0 where the finding is about the whole of it.</param>
/// <param name="Text">What was found, and what to write instead where that is not plain.</param>
public sealed record DialectFinding(string Rule, int Line, string Text)
{
    public override string ToString() => $"line {Line}: {Rule}: {Text}";
}
