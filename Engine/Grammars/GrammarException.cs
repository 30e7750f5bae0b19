namespace Tessera.Engine.Grammars;

/// <summary>A grammar's text cannot be used: what was expected and found, and where.</summary>
/// <param name="problem">What is wrong.</param>
/// <param name="line">The line, from 1.</param>
/// <param name="column">The column, from 1, in UTF-16 units.</param>
public sealed class GrammarException(string problem, int line, int column) : TesseraException($"line {line}, column {column}: {problem}")
{
    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; } = problem;

    /// <summary>The line, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>The column, from 1, in UTF-16 units.</summary>
    public int Column { get; } = column;
}
