namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>What an instruction does.</summary>
internal enum PatternCode
{
    /// <summary>Takes one code point of the set.</summary>
    One,
    /// <summary>Takes code points of the set, A at least and B at most, as many as lead to a match, the longest first.</summary>
    Run,
    /// <summary>Goes on at A, and should that fail, at B.</summary>
    Split,
    /// <summary>Goes on at A.</summary>
    Jump,
    /// <summary>Goes on where the place is of kind A.</summary>
    Place,
    /// <summary>Runs the part behind it from C code points before the place; goes on at A if it matches, or with B if it does not.</summary>
    Look,
    /// <summary>Runs the part behind it and goes on at A, behind its match.</summary>
    Atomic,
    /// <summary>The end of the pattern or of such a part.</summary>
    Match,
}

/// <summary>An instruction.</summary>
internal readonly record struct PatternStep(PatternCode Code, int A = 0, int B = 0, int C = 0, PointSet? Set = null);

/// <summary>A pattern as instructions. Immutable.</summary>
/// <param name="Steps">The instructions.</param>
/// <param name="Splits">How many splits there are; each has its number in C.</param>
/// <param name="CanLoop">Whether a loop may go round without taking anything.</param>
internal sealed record PatternProgram(PatternStep[] Steps, int Splits, bool CanLoop);
