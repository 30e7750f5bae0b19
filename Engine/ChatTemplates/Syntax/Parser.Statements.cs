namespace Tessera.Engine.ChatTemplates.Syntax;

internal sealed partial class Parser
{
    // Loops around the current place inside the current macro: break and continue need one.
    private int _loops;

    private readonly Dictionary<string, Statement[]> _blocks = new(StringComparer.Ordinal);

    /// <summary>Statements up to a tag with one of the given names, which is taken and returned; null runs to the end of the template.</summary>
    private Statement[] Body(string[]? ends, out string end, Token opener = default)
    {
        Enter();
        List<Statement> body = [];
        end = "";
        while (Current.Kind != TokenKind.End)
        {
            Token token = Take();
            if (token.Kind == TokenKind.Text)
            {
                body.Add(new TextStatement(token.Text, token.Line));
            }
            else if (token.Kind == TokenKind.VariableBegin)
            {
                body.Add(new OutputStatement(ParseTuple(), token.Line));
                Expect(TokenKind.VariableEnd, "'}}'");
            }
            else
            {
                Token tag = Expect(TokenKind.Name, "the name of a tag");
                if (ends is not null && Array.IndexOf(ends, tag.Text) >= 0)
                {
                    end = tag.Text;
                    Leave();
                    return [.. body];
                }

                body.Add(ParseStatement(tag));
                EndTag();
            }
        }

        if (ends is not null)
            SyntaxError.Throw(opener.Line, $"the tag '{opener.Text}' has no '{ends[^1]}'");
        Leave();
        return [.. body];
    }

    /// <summary>The body of a tag, whose opening ends here and whose end tag has no arguments.</summary>
    private Statement[] BodyOf(Token tag, string end)
    {
        StartBody();
        return Body([end], out _, tag);
    }

    private void StartBody()
    {
        TakeIf(":");
        EndTag();
    }

    private void EndTag() => Expect(TokenKind.BlockEnd, "'%}'");

    private Statement ParseStatement(Token tag) => tag.Text switch
    {
        "if" => ParseIf(tag),
        "for" => ParseFor(tag),
        "set" => ParseSet(tag),
        "macro" => ParseMacro(tag),
        "call" => ParseCallBlock(tag),
        "filter" => ParseFilterBlock(tag),
        "with" => ParseWith(tag),
        "block" => ParseBlock(tag),
        "generation" => new ScopeStatement(OutsideLoops(() => BodyOf(tag, "endgeneration")), false, tag.Line),
        "print" => new OutputStatement(ParseTuple(), tag.Line),
        "break" when _loops > 0 => new BreakStatement(tag.Line),
        "continue" when _loops > 0 => new ContinueStatement(tag.Line),
        "break" or "continue" => SyntaxError.Throw<Statement>(tag.Line, $"'{tag.Text}' is outside of a loop"),
        "include" or "import" or "from" or "extends" =>
            SyntaxError.Throw<Statement>(tag.Line, $"the tag '{tag.Text}' needs another template: a chat template must be one file"),
        "autoescape" => ParseAutoescape(tag),
        "trans" or "pluralize" or "endtrans" => SyntaxError.Throw<Statement>(tag.Line, $"the tag '{tag.Text}' needs translations: a chat template has none"),
        "do" or "debug" => SyntaxError.Throw<Statement>(tag.Line, $"the tag '{tag.Text}' is an extension of Jinja that chat templates do not have{(tag.Text == "do" ? ": assign with 'set'" : "")}"),
        _ => SyntaxError.Throw<Statement>(tag.Line, $"unknown tag '{tag.Text}'"),
    };

    // Prompts are not HTML: nothing is escaped unless a filter does it.
    private ScopeStatement ParseAutoescape(Token tag)
    {
        if (ParseExpression() is not Literal { Value: false })
            SyntaxError.Throw(tag.Line, "the tag 'autoescape' is supported with 'false' only: prompts are not HTML");
        return new ScopeStatement(BodyOf(tag, "endautoescape"), false, tag.Line);
    }

    private IfStatement ParseIf(Token tag)
    {
        List<(Expression, Statement[])> branches = [];
        Statement[] otherwise = [];
        string end = "elif";
        while (end == "elif")
        {
            Expression condition = ParseTuple(allowInlineIf: false);
            StartBody();
            branches.Add((condition, Body(["elif", "else", "endif"], out end, tag)));
        }

        if (end == "else")
            otherwise = BodyOf(tag, "endif");
        return new IfStatement([.. branches], otherwise, tag.Line);
    }

    private ForStatement ParseFor(Token tag)
    {
        Expression target = ParseTarget();
        if (!TakeIfName("in"))
            SyntaxError.Throw(Current.Line, $"expected 'in', found {Current}");
        Expression items = ParseTuple(allowInlineIf: false);
        Expression? condition = TakeIfName("if") ? ParseExpression() : null;
        bool recursive = TakeIfName("recursive");
        StartBody();
        _loops++;
        Statement[] body = Body(["else", "endfor"], out string end, tag);
        _loops--;
        Statement[] otherwise = end == "else" ? BodyOf(tag, "endfor") : [];
        return new ForStatement(target, items, condition, recursive, body, otherwise, tag.Line);
    }

    private Statement ParseSet(Token tag)
    {
        Expression target = ParseTarget(allowNamespace: true);
        if (TakeIf("="))
            return new SetStatement(target, ParseTuple(), tag.Line);
        Filter? filter = TakeIf("|") ? ParseFilterChain(tag.Line) : null;
        return new SetBlockStatement(target, filter, BodyOf(tag, "endset"), tag.Line);
    }

    private Filter ParseFilterChain(int line)
    {
        Filter filter = ParseFilter(null, line);
        while (TakeIf("|"))
            filter = ParseFilter(filter, line);
        return filter;
    }

    private FilterBlockStatement ParseFilterBlock(Token tag)
    {
        Filter filter = ParseFilterChain(tag.Line);
        return new FilterBlockStatement(filter, BodyOf(tag, "endfilter"), tag.Line);
    }

    private WithStatement ParseWith(Token tag)
    {
        List<(Expression, Expression)> variables = [];
        while (Current.Kind != TokenKind.BlockEnd && !Current.IsOperator(":"))
        {
            if (variables.Count > 0)
                Expect(",");
            Expression target = ParseTarget();
            Expect("=");
            variables.Add((target, ParseExpression()));
        }

        return new WithStatement([.. variables], BodyOf(tag, "endwith"), tag.Line);
    }

    private ScopeStatement ParseBlock(Token tag)
    {
        string name = ExpectName();
        bool scoped = TakeIfName("scoped");
        if (TakeIfName("required"))
            SyntaxError.Throw(tag.Line, $"the block '{name}' is required from another template: a chat template must be one file");
        Statement[] body = OutsideLoops(() => BodyOf(tag, "endblock"));
        TakeIfName(name);
        if (!_blocks.TryAdd(name, body))
            SyntaxError.Throw(tag.Line, $"the block '{name}' is there twice");
        return new ScopeStatement(body, !scoped, tag.Line);
    }

    private Statement[] OutsideLoops(Func<Statement[]> parse)
    {
        int loops = _loops;
        _loops = 0;
        Statement[] body = parse();
        _loops = loops;
        return body;
    }

    private Expression ParseTarget(bool allowNamespace = false)
    {
        int line = Current.Line;
        List<Expression> names = [];
        bool isTuple = false;
        do
        {
            if (names.Count > 0 && (Current.IsName("in") || Current.IsOperator("=") || Current.IsOperator(")") || Current.Kind == TokenKind.BlockEnd))
                break;
            names.Add(ParseOneTarget(allowNamespace));
            isTuple |= Current.IsOperator(",");
        }
        while (TakeIf(","));
        return isTuple ? new TupleLiteral([.. names], line) : names[0];
    }

    private Expression ParseOneTarget(bool allowNamespace)
    {
        Token token = Take();
        if (token.IsOperator("(") || token.IsOperator("["))
        {
            Enter();
            Expression inner = ParseTarget(allowNamespace);
            Leave();
            Expect(token.Text == "(" ? ")" : "]");
            return inner;
        }

        if (token.Kind != TokenKind.Name || token.Text is "true" or "false" or "none" or "True" or "False" or "None")
            return SyntaxError.Throw<Expression>(token.Line, $"cannot assign to {token}");
        if (allowNamespace && TakeIf("."))
            return new NamespaceTarget(token.Text, ExpectName(), token.Line);
        return new Name(token.Text, token.Line);
    }
}
