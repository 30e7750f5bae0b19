using Xunit;

namespace Tessera.TestSupport;

/// <summary>Whether tests go on for as long as they can find something, and not only for as long as proves the point.</summary>
public static class LongTests
{
    private const string Variable = "TESSERA_LONG_TESTS";

    /// <summary>With <c>TESSERA_LONG_TESTS=1</c>.</summary>
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>Skips the running test unless they are.</summary>
    public static void Require() => Assert.SkipUnless(AreWanted, $"long: runs with {Variable}=1");
}
