namespace Tessera.Kernels.Metal.Tests;

/// <summary>Tests that go on for minutes.</summary>
internal static class LongTests
{
    private const string Variable = "TESSERA_LONG_TESTS";

    /// <summary>Whether they are asked for.</summary>
    public static bool AreOn => Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>Skips the test unless it is asked for.</summary>
    public static void Require() => Assert.SkipUnless(AreOn, $"long: runs with {Variable}=1");
}
