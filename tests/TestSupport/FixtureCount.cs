using Xunit;

namespace Tessera.TestSupport;

/// <summary>Says how many cases of a folder of the reference data a test has run.</summary>
public static class FixtureCount
{
    /// <summary>Prints the line, in the test's output and, as it runs, on the console.</summary>
    /// <param name="folder">The folder below <c>fixtures</c>, and maybe a part of it.</param>
    /// <param name="cases">What was run, with its number.</param>
    public static void Print(string folder, string cases)
    {
        string line = $"fixtures/{folder}: {cases}";
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage(line);
    }
}
