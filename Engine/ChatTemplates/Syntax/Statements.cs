namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>A whole template.</summary>
/// <param name="Body">Its statements.</param>
/// <param name="Blocks">The bodies of its blocks by name, wherever they stand.</param>
internal sealed record Template(Statement[] Body, IReadOnlyDictionary<string, Statement[]> Blocks);

/// <summary>A statement of a template; immutable, so that one tree serves all threads.</summary>
internal abstract record Statement(int Line);

internal sealed record TextStatement(string Text, int Line) : Statement(Line);

internal sealed record OutputStatement(Expression Value, int Line) : Statement(Line);

internal sealed record IfStatement((Expression Condition, Statement[] Body)[] Branches, Statement[] Else, int Line) : Statement(Line);

internal sealed record ForStatement(Expression Target, Expression Items, Expression? Condition, bool Recursive, Statement[] Body, Statement[] Else, int Line) : Statement(Line);

internal sealed record SetStatement(Expression Target, Expression Value, int Line) : Statement(Line);

internal sealed record SetBlockStatement(Expression Target, Filter? Filter, Statement[] Body, int Line) : Statement(Line);

internal sealed record MacroStatement(Signature Signature, int Line) : Statement(Line);

internal sealed record CallBlockStatement(Call Call, Signature Caller, int Line) : Statement(Line);

internal sealed record FilterBlockStatement(Filter Filter, Statement[] Body, int Line) : Statement(Line);

internal sealed record WithStatement((Expression Target, Expression Value)[] Variables, Statement[] Body, int Line) : Statement(Line);

/// <summary>A body with its own scope: a <c>generation</c> tag, or a block, which sees only the template's top scope.</summary>
internal sealed record ScopeStatement(Statement[] Body, bool FromTop, int Line) : Statement(Line);

internal sealed record BreakStatement(int Line) : Statement(Line);

internal sealed record ContinueStatement(int Line) : Statement(Line);

/// <summary>A macro's or call block's name, parameters and body; Uses… say which special names the body reads.</summary>
internal sealed record Signature(string Name, string[] Parameters, Expression[] Defaults, Statement[] Body, bool UsesCaller, bool UsesVarargs, bool UsesKwargs);
