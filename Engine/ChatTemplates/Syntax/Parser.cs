using System.Runtime.CompilerServices;

namespace Tessera.Engine.ChatTemplates.Syntax;

/// <summary>Builds the tree of a template: a recursive-descent parser with a bound on its depth.</summary>
internal sealed partial class Parser
{
    private readonly List<Token> _tokens;
    private readonly int _maxDepth;
    private int _at;
    private int _depth;

    private Parser(List<Token> tokens, int maxDepth)
    {
        _tokens = tokens;
        _maxDepth = maxDepth;
    }

    private Token Current => _tokens[_at];

    private Token Next => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    public static Template Parse(string source, int maxDepth)
    {
        Parser parser = new(Lexer.Run(source), maxDepth);
        return new Template(parser.Body(null, out _), parser._blocks);
    }

    private Token Take()
    {
        Token token = Current;
        if (token.Kind != TokenKind.End)
            _at++;
        return token;
    }

    private bool TakeIf(string op)
    {
        if (!Current.IsOperator(op))
            return false;
        _at++;
        return true;
    }

    private bool TakeIfName(string name)
    {
        if (!Current.IsName(name))
            return false;
        _at++;
        return true;
    }

    private void Expect(string op)
    {
        if (!TakeIf(op))
            SyntaxError.Throw(Current.Line, $"expected '{op}', found {Current}");
    }

    private Token Expect(TokenKind kind, string what) =>
        Current.Kind == kind ? Take() : SyntaxError.Throw<Token>(Current.Line, $"expected {what}, found {Current}");

    private string ExpectName() => Expect(TokenKind.Name, "a name").Text;

    private void Enter()
    {
        if (++_depth > _maxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ChatTemplateException(ChatTemplateErrorKind.Limit, $"chat template, line {Current.Line}: nested deeper than the limit of {_maxDepth} (MaxDepth)", Current.Line);
    }

    private void Leave() => _depth--;
}
