namespace Tessera.Engine.ChatTemplates.Syntax;

// From the loosest to the tightest: inline if, or, and, not, comparisons and in, + -, ~, * / // %, **, sign, then postfixes, filters and tests.
internal sealed partial class Parser
{
    private Expression ParseExpression(bool allowInlineIf = true)
    {
        Enter();
        Expression value = ParseOr();
        while (allowInlineIf && Current.IsName("if"))
        {
            int line = Take().Line;
            Expression condition = ParseOr();
            Expression? otherwise = TakeIfName("else") ? ParseExpression() : null;
            value = new Conditional(condition, value, otherwise, line);
        }

        Leave();
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (Current.IsName("or"))
            left = new Logic(false, left, Line: Take().Line, Right: ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (Current.IsName("and"))
            left = new Logic(true, left, Line: Take().Line, Right: ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!Current.IsName("not"))
            return ParseComparison();
        Enter();
        int line = Take().Line;
        Expression operand = ParseNot();
        Leave();
        return new Not(operand, line);
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        List<(CompareOperator, Expression)>? rest = null;
        int line = Current.Line;
        while (TakeComparison() is CompareOperator op)
            (rest ??= []).Add((op, ParseSum()));
        return rest is null ? first : new Compare(first, [.. rest], line);
    }

    private CompareOperator? TakeComparison()
    {
        CompareOperator? op = Current switch
        {
            { Kind: TokenKind.Operator, Text: "==" } => CompareOperator.Equal,
            { Kind: TokenKind.Operator, Text: "!=" } => CompareOperator.NotEqual,
            { Kind: TokenKind.Operator, Text: "<" } => CompareOperator.Less,
            { Kind: TokenKind.Operator, Text: "<=" } => CompareOperator.LessOrEqual,
            { Kind: TokenKind.Operator, Text: ">" } => CompareOperator.Greater,
            { Kind: TokenKind.Operator, Text: ">=" } => CompareOperator.GreaterOrEqual,
            { Kind: TokenKind.Name, Text: "in" } => CompareOperator.In,
            { Kind: TokenKind.Name, Text: "not" } when Next.IsName("in") => CompareOperator.NotIn,
            _ => null,
        };
        if (op is not null)
            _at += op == CompareOperator.NotIn ? 2 : 1;
        return op;
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcat();
        while (Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            Token op = Take();
            left = new Arithmetic(op.Text == "+" ? BinaryOperator.Add : BinaryOperator.Subtract, left, ParseConcat(), op.Line);
        }

        return left;
    }

    private Expression ParseConcat()
    {
        Expression first = ParseProduct();
        if (!Current.IsOperator("~"))
            return first;
        int line = Current.Line;
        List<Expression> parts = [first];
        while (TakeIf("~"))
            parts.Add(ParseProduct());
        return new Concat([.. parts], line);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            Token op = Take();
            BinaryOperator kind = op.Text switch
            {
                "*" => BinaryOperator.Multiply,
                "/" => BinaryOperator.Divide,
                "//" => BinaryOperator.FloorDivide,
                _ => BinaryOperator.Modulo,
            };
            left = new Arithmetic(kind, left, ParsePower(), op.Line);
        }

        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary();
        while (Current.IsOperator("**"))
        {
            int line = Take().Line;
            left = new Arithmetic(BinaryOperator.Power, left, ParseUnary(), line);
        }

        return left;
    }

    // In Jinja a sign binds tighter than ** and looser than a filter of the signed value: -2|abs is (-2)|abs.
    private Expression ParseUnary(bool withFilters = true)
    {
        Enter();
        Expression value;
        if (Current is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            Token sign = Take();
            value = new Negative(ParseUnary(withFilters: false), sign.Text == "-", sign.Line);
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        if (withFilters)
            value = ParseFiltersAndTests(value);
        Leave();
        return value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (Current.IsOperator("|"))
                value = ParseFilter(value, Take().Line);
            else if (Current.IsName("is"))
                value = ParseTest(value, Take().Line);
            else if (Current.IsOperator("("))
                value = new Call(value, Line: Current.Line, Arguments: ParseArguments());
            else
                return value;
        }
    }

    private Filter ParseFilter(Expression? target, int line)
    {
        string name = ParseDottedName();
        return new Filter(target, name, Current.IsOperator("(") ? ParseArguments() : CallArguments.None, line);
    }

    private Expression ParseTest(Expression target, int line)
    {
        bool negated = TakeIfName("not");
        string name = ParseDottedName();
        CallArguments arguments = CallArguments.None;
        if (Current.IsOperator("("))
            arguments = ParseArguments();
        else if (StartsTestArgument())
            arguments = new CallArguments([ParsePostfix(ParsePrimary())], [], null, null);
        Expression test = new Test(target, name, arguments, line);
        return negated ? new Not(test, line) : test;
    }

    private bool StartsTestArgument() => Current switch
    {
        { Kind: TokenKind.Name, Text: "is" } => SyntaxError.Throw<bool>(Current.Line, "tests with 'is' cannot be chained"),
        { Kind: TokenKind.Name, Text: "else" or "or" or "and" } => false,
        { Kind: TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float } => true,
        { Kind: TokenKind.Operator, Text: "[" or "{" } => true,
        _ => false,
    };

    private string ParseDottedName()
    {
        string first = ExpectName();
        if (!Current.IsOperator("."))
            return first;
        List<string> parts = [first];
        while (TakeIf("."))
            parts.Add(ExpectName());
        return string.Join('.', parts);
    }
}
