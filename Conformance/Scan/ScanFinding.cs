namespace Tessera.Conformance.Scan;

/// <summary>How sure a finding is.</summary>
public enum FindingLevel
{
    /// <summary>It may be right where it is: look whether it is undone when the plugin is disposed.</summary>
    Warning,
    /// <summary>A rule for plugins is broken.</summary>
    Error,
}

/// <summary>One place in an assembly that keeps a plugin from being unloaded, or that the rules forbid.</summary>
/// <param name="Rule">The rule's id, such as <c>thread</c>.</param>
/// <param name="Level">How sure it is.</param>
/// <param name="Found">What was found, and in which method.</param>
/// <param name="Advice">What to do instead.</param>
public sealed record ScanFinding(string Rule, FindingLevel Level, string Found, string Advice)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(Level == FindingLevel.Error ? "error" : "warning")} {Rule}: {Found}. {Advice}";
}
