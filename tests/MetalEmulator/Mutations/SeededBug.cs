namespace Tessera.MetalEmulator.Mutations;

/// <summary>What the tests are to say of an edit.</summary>
public enum BugExpectation
{
    /// <summary>A bug: some mode finds it.</summary>
    Caught,

    /// <summary>A variant that is as right as the original: no mode finds anything.</summary>
    Harmless,
}

/// <summary>An edit of a kernel's source: a piece of text and what stands there instead.</summary>
/// <param name="Name">What is wrong, as "barrier dropped".</param>
/// <param name="File">The kernel's file, as "norms.metal".</param>
/// <param name="Find">The text that is replaced.</param>
/// <param name="Replace">What replaces it.</param>
public sealed record SeededBug(string Name, string File, string Find, string Replace)
{
    /// <summary>Which of the places in each source is edited, from 1; 0 edits all.</summary>
    public int Occurrence { get; init; } = 1;

    public BugExpectation Expected { get; init; } = BugExpectation.Caught;

    public override string ToString() => $"{File}: {Name}";
}
