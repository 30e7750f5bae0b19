using Tessera.Conformance.Scan;

namespace Tessera.Host.Plugins.Kit;

/// <summary>What the kit has found, line by line as it finds it.</summary>
/// <param name="output">Where the lines go.</param>
internal sealed class KitReport(TextWriter output)
{
    /// <summary>How many rules are broken.</summary>
    public int Errors { get; private set; }

    /// <summary>How many places deserve a look.</summary>
    public int Warnings { get; private set; }

    /// <summary>The last line.</summary>
    public override string ToString() => $"{(Errors == 0 ? "passed" : $"failed: {Count(Errors, "error")}")}, {Count(Warnings, "warning")}";

    /// <summary>A step is done.</summary>
    public void Done(string step, string what) => output.WriteLine($"{step,-14} {what}");

    /// <summary>Something was found.</summary>
    public void Add(ScanFinding finding)
    {
        if (finding.Level == FindingLevel.Error)
            Errors++;
        else
            Warnings++;
        output.WriteLine($"  {finding}");
    }

    /// <summary>A rule is broken.</summary>
    /// <param name="rule">Its id.</param>
    /// <param name="found">What was found.</param>
    /// <param name="advice">What to do.</param>
    public void Error(string rule, string found, string advice) => Add(new(rule, FindingLevel.Error, found, advice));

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
