namespace Tessera.Engine.ChatTemplates.Syntax;

internal sealed partial class Parser
{
    // Which of the special names the macro bodies around the current place read; an inner macro's reads count for the outer ones too.
    private bool _readsCaller;
    private bool _readsVarargs;
    private bool _readsKwargs;

    private Name NameRead(Token token)
    {
        _readsCaller |= token.Text == "caller";
        _readsVarargs |= token.Text == "varargs";
        _readsKwargs |= token.Text == "kwargs";
        return new Name(token.Text, token.Line);
    }

    private MacroStatement ParseMacro(Token tag)
    {
        string name = ExpectName();
        (string[] parameters, Expression[] defaults) = ParseParameters();
        return new MacroStatement(ParseMacroBody(name, parameters, defaults, tag, "endmacro"), tag.Line);
    }

    private CallBlockStatement ParseCallBlock(Token tag)
    {
        (string[] parameters, Expression[] defaults) = Current.IsOperator("(") ? ParseParameters() : ([], []);
        if (ParseExpression() is not Call call)
            return SyntaxError.Throw<CallBlockStatement>(tag.Line, "the tag 'call' needs the call of a macro");
        return new CallBlockStatement(call, ParseMacroBody("caller", parameters, defaults, tag, "endcall"), tag.Line);
    }

    private Signature ParseMacroBody(string name, string[] parameters, Expression[] defaults, Token tag, string end)
    {
        (bool caller, bool varargs, bool kwargs) = (_readsCaller, _readsVarargs, _readsKwargs);
        _readsCaller = _readsVarargs = _readsKwargs = false;
        Statement[] body = OutsideLoops(() => BodyOf(tag, end));
        Signature signature = new(
            name, parameters, defaults, body,
            _readsCaller && !parameters.Contains("caller"), _readsVarargs && !parameters.Contains("varargs"), _readsKwargs && !parameters.Contains("kwargs"));
        _readsCaller |= caller;
        _readsVarargs |= varargs;
        _readsKwargs |= kwargs;
        return signature;
    }

    private (string[] Parameters, Expression[] Defaults) ParseParameters()
    {
        Expect("(");
        List<string> parameters = [];
        List<Expression> defaults = [];
        while (!TakeIf(")"))
        {
            if (parameters.Count > 0)
                Expect(",");
            int line = Current.Line;
            string name = ExpectName();
            if (parameters.Count >= MaxArguments)
                SyntaxError.Throw(line, $"a macro has more than {MaxArguments} parameters");
            if (parameters.Contains(name))
                SyntaxError.Throw(line, $"the parameter '{name}' is there twice");
            parameters.Add(name);
            if (TakeIf("="))
                defaults.Add(ParseExpression());
            else if (defaults.Count > 0)
                SyntaxError.Throw(line, $"the parameter '{name}' without a default follows one with a default");
        }

        return ([.. parameters], [.. defaults]);
    }
}
