namespace Tessera.Kernels.Metal.Tests;

/// <summary>Tests that go on for minutes.</summary>
internal static class LongTests
{
    private const string Variable = "TESSERA_LONG_TESTS";

    /// <summary>Skips the test unless it is asked for.</summary>
    public static void Require() => Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) == "1", $"long: runs with {Variable}=1");
}
