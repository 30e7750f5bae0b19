using Xunit;

namespace Tessera.MetalEmulator.Mutations;

/// <summary>Shows that a test finds seeded bugs: it is run with each, in checked mode and then in every thread order, until something is found.</summary>
public static class MutationRun
{
    // A bug that makes a loop endless is found too.
    private const double SecondsPerDispatch = 2;

    /// <summary>The modes that a bug must hide from, the most telling first.</summary>
    public static IReadOnlyList<EmulatorMode> Modes { get; } =
    [
        EmulatorMode.CheckedAccess with { SecondsPerDispatch = SecondsPerDispatch },
        .. EmulatorMode.Orders.Reverse().Select(order => EmulatorMode.Plain with { Order = order, SecondsPerDispatch = SecondsPerDispatch }),
    ];

    /// <summary>
    /// Runs a test with a bug and returns how it was found; null where nothing was. Fails where the bug's text is not in any source that the test compiles.
    /// </summary>
    /// <param name="bug">The edit.</param>
    /// <param name="test">The test: builds everything anew, and throws where a result is wrong.</param>
    public static string? Find(SeededBug bug, Action<EmulatorSession> test)
    {
        using EmulatorSession session = Emulator.Begin();
        foreach (EmulatorMode mode in Modes)
        {
            long before = session.Count("edits");
            session.Use(mode with { Bug = bug });
            string? found = Failure(session, test);
            Assert.True(session.Count("edits") > before, $"{bug}: '{bug.Find}' is in no source that the test compiles");
            if (found is not null)
                return $"{(mode.Checked ? "checked" : mode.Order)}: {found}";
        }
        return null;
    }

    /// <summary>Fails unless a test finds what it should: a bug, and nothing in a harmless variant.</summary>
    public static void Verify(SeededBug bug, Action<EmulatorSession> test)
    {
        string? found = Find(bug, test);
        if (bug.Expected == BugExpectation.Caught)
            Assert.True(found is not null, $"{bug}: nothing was found");
        else
            Assert.True(found is null, $"{bug}: is harmless, but {found}");
    }

    private static string? Failure(EmulatorSession session, Action<EmulatorSession> test)
    {
        string? thrown = null;
        try
        {
            test(session);
        }
        catch (Exception e)
        {
            thrown = e.Message;
        }
        IReadOnlyList<string> findings = session.TakeFindings();
        session.ForgetLiveObjects();
        return findings.Count > 0 ? findings[0] : thrown;
    }
}
