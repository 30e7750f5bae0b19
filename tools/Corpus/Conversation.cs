namespace Tessera.Corpus;

/// <summary>One question and its answer.</summary>
public sealed record Turn(string User, string Assistant);

/// <summary>Turns that belong together, after a system message where there is one.</summary>
public sealed record Conversation(string? System, IReadOnlyList<Turn> Turns);
