namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>An expression of a template; immutable, so that one tree serves all threads.</summary>
internal abstract record Expression(int Line);

/// <summary>A constant: null (None), bool, long, BigInteger, double or string.</summary>
internal sealed record Literal(object? Value, int Line) : Expression(Line);

internal sealed record Name(string Id, int Line) : Expression(Line);

internal sealed record ListLiteral(Expression[] Items, int Line) : Expression(Line);

internal sealed record TupleLiteral(Expression[] Items, int Line) : Expression(Line);

internal sealed record DictLiteral((Expression Key, Expression Value)[] Items, int Line) : Expression(Line);

internal sealed record GetAttribute(Expression Target, string Attribute, int Line) : Expression(Line);

internal sealed record GetItem(Expression Target, Expression Index, int Line) : Expression(Line);

internal sealed record SliceIndex(Expression? Start, Expression? Stop, Expression? Step, int Line) : Expression(Line);

internal sealed record Call(Expression Target, CallArguments Arguments, int Line) : Expression(Line);

/// <summary>A filter; Target is null at the head of a filter block, where the block's text takes its place.</summary>
internal sealed record Filter(Expression? Target, string Id, CallArguments Arguments, int Line) : Expression(Line);

internal sealed record Test(Expression Target, string Id, CallArguments Arguments, int Line) : Expression(Line);

internal sealed record Negative(Expression Operand, bool Negate, int Line) : Expression(Line);

internal sealed record Not(Expression Operand, int Line) : Expression(Line);

internal sealed record Arithmetic(BinaryOperator Operator, Expression Left, Expression Right, int Line) : Expression(Line);

internal sealed record Logic(bool IsAnd, Expression Left, Expression Right, int Line) : Expression(Line);

internal sealed record Concat(Expression[] Parts, int Line) : Expression(Line);

internal sealed record Compare(Expression First, (CompareOperator Operator, Expression Operand)[] Rest, int Line) : Expression(Line);

internal sealed record Conditional(Expression Condition, Expression Then, Expression? Else, int Line) : Expression(Line);

/// <summary>The target of <c>set ns.name = …</c>.</summary>
internal sealed record NamespaceTarget(string Id, string Attribute, int Line) : Expression(Line);

internal sealed record CallArguments(Expression[] Positional, (string Name, Expression Value)[] Keywords, Expression? Star, Expression? StarStar)
{
    public static readonly CallArguments None = new([], [], null, null);
}

internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}

internal enum CompareOperator
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
