using System.Globalization;
using System.Numerics;
using System.Text;

namespace Tessera.Engine.ChatTemplates.Syntax;

internal sealed partial class Parser
{
    // Python refuses longer ones too; reading them takes quadratic time.
    private const int MaxIntegerDigits = 4300;

    private const int MaxArguments = 1000;

    private Expression ParsePrimary()
    {
        Token token = Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(true, token.Line),
                    "false" or "False" => new Literal(false, token.Line),
                    "none" or "None" => new Literal(null, token.Line),
                    _ => NameRead(token),
                };
            case TokenKind.String:
                if (Current.Kind != TokenKind.String)
                    return new Literal(token.Text, token.Line);
                StringBuilder text = new(token.Text);
                while (Current.Kind == TokenKind.String)
                    text.Append(Take().Text);
                return new Literal(text.ToString(), token.Line);
            case TokenKind.Integer:
                return new Literal(ReadInteger(token), token.Line);
            case TokenKind.Float:
                return new Literal(double.Parse(token.Text, CultureInfo.InvariantCulture), token.Line);
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(inParentheses: true);
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new ListLiteral([.. ParseItems("]")], token.Line);
            case TokenKind.Operator when token.Text == "{":
                return ParseDict(token.Line);
            default:
                return SyntaxError.Throw<Expression>(token.Line, $"expected an expression, found {token}");
        }
    }

    private static object ReadInteger(Token token)
    {
        string text = token.Text;
        if (text.Length > MaxIntegerDigits)
            SyntaxError.Throw(token.Line, $"an integer has {text.Length} digits, at most {MaxIntegerDigits} are allowed");
        if (text.Length < 2 || !char.IsAsciiLetter(text[1]))
            return long.TryParse(text, CultureInfo.InvariantCulture, out long small) ? (object)small : BigInteger.Parse(text, CultureInfo.InvariantCulture);
        int radix = char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
        BigInteger value = BigInteger.Zero;
        foreach (char c in text.AsSpan(2))
        {
            int digit = Convert.ToInt32(c.ToString(), 16);
            if (digit >= radix)
                SyntaxError.Throw(token.Line, $"the integer '{text}' has a digit that base {radix} does not have");
            value = (value * radix) + digit;
        }

        return value <= long.MaxValue ? (object)(long)value : value;
    }

    private List<Expression> ParseItems(string close)
    {
        List<Expression> items = [];
        while (!TakeIf(close))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (TakeIf(close))
                    break;
            }

            items.Add(ParseExpression());
        }

        return items;
    }

    private DictLiteral ParseDict(int line)
    {
        List<(Expression, Expression)> items = [];
        while (!TakeIf("}"))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (TakeIf("}"))
                    break;
            }

            Expression key = ParseExpression();
            Expect(":");
            items.Add((key, ParseExpression()));
        }

        return new DictLiteral([.. items], line);
    }

    /// <summary>One expression, or several with commas between them, which are a tuple.</summary>
    private Expression ParseTuple(bool inParentheses = false, bool allowInlineIf = true)
    {
        int line = Current.Line;
        if (EndsTuple())
            return inParentheses
                ? new TupleLiteral([], line)
                : SyntaxError.Throw<Expression>(line, $"expected an expression, found {Current}");
        Expression first = ParseExpression(allowInlineIf);
        if (!Current.IsOperator(","))
            return first;
        List<Expression> items = [first];
        while (TakeIf(",") && !EndsTuple())
            items.Add(ParseExpression(allowInlineIf));
        return new TupleLiteral([.. items], line);
    }

    private bool EndsTuple() =>
        Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd or TokenKind.End || Current.IsOperator(")") || Current.IsName("recursive");

    private Expression ParsePostfix(Expression value)
    {
        while (Current.Kind == TokenKind.Operator)
        {
            int line = Current.Line;
            if (TakeIf("."))
                value = ParseDot(value, line);
            else if (TakeIf("["))
                value = new GetItem(value, ParseIndex(line), line);
            else if (Current.IsOperator("("))
                value = new Call(value, ParseArguments(), line);
            else
                break;
        }

        return value;
    }

    private Expression ParseDot(Expression value, int line) => Current.Kind switch
    {
        TokenKind.Name => new GetAttribute(value, Take().Text, line),
        TokenKind.Integer => new GetItem(value, new Literal(ReadInteger(Take()), line), line),
        _ => SyntaxError.Throw<Expression>(line, $"expected a name or a number after '.', found {Current}"),
    };

    private Expression ParseIndex(int line)
    {
        List<Expression> parts = [];
        while (!TakeIf("]"))
        {
            if (parts.Count > 0)
                Expect(",");
            parts.Add(ParseOneIndex());
        }

        return parts.Count == 1 ? parts[0] : new TupleLiteral([.. parts], line);
    }

    private Expression ParseOneIndex()
    {
        int line = Current.Line;
        Expression? start = Current.IsOperator(":") ? null : ParseExpression();
        if (!TakeIf(":"))
            return start!;
        Expression? stop = EndsSlicePart() ? null : ParseExpression();
        Expression? step = TakeIf(":") && !EndsSlicePart() ? ParseExpression() : null;
        return new SliceIndex(start, stop, step, line);
    }

    private bool EndsSlicePart() => Current is { Kind: TokenKind.Operator, Text: ":" or "]" or "," };

    private CallArguments ParseArguments()
    {
        int line = Current.Line;
        Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> keywords = [];
        Expression? star = null;
        Expression? starStar = null;
        for (bool first = true; !TakeIf(")"); first = false)
        {
            if (!first)
            {
                Expect(",");
                if (TakeIf(")"))
                    break;
            }

            if (positional.Count + keywords.Count >= MaxArguments)
                SyntaxError.Throw(line, $"a call has more than {MaxArguments} arguments");
            if (starStar is not null)
                SyntaxError.Throw(line, "an argument follows '**'");
            if (TakeIf("**"))
                starStar = ParseExpression();
            else if (star is null && TakeIf("*"))
                star = ParseExpression();
            else if (Current.Kind == TokenKind.Name && Next.IsOperator("="))
                keywords.Add(ParseKeyword(keywords));
            else if (keywords.Count > 0 || star is not null)
                SyntaxError.Throw(line, "a positional argument follows a keyword argument");
            else
                positional.Add(ParseExpression());
        }

        return new CallArguments([.. positional], [.. keywords], star, starStar);
    }

    private (string, Expression) ParseKeyword(List<(string Name, Expression)> before)
    {
        Token name = Take();
        if (before.Exists(k => k.Name == name.Text))
            SyntaxError.Throw(name.Line, $"the keyword argument '{name.Text}' is given twice");
        Expect("=");
        return (name.Text, ParseExpression());
    }
}
