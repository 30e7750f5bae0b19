namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Whether tests go on for as long as they can find something, and not only for as long as proves the point.</summary>
internal static class LongTests
{
    /// <summary>With <c>TESSERA_LONG_TESTS=1</c>.</summary>
    public static bool AreWanted { get; } = Environment.GetEnvironmentVariable("TESSERA_LONG_TESTS") == "1";
}
