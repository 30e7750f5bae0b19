namespace Tessera.Engine.Grammars;

/// <summary>The grammar of a JSON object (RFC 8259). White space is bounded, for a model may like nothing better; an escaped surrogate has its other half.</summary>
internal static class JsonGrammar
{
    public const string Text = """
        root   ::= object
        value  ::= object | array | string | number | "true" | "false" | "null"
        object ::= "{" space (member ("," space member)*)? "}"
        member ::= string space ":" space value space
        array  ::= "[" space (value space ("," space value space)*)? "]"
        string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" unit))* "\""
        unit   ::= [0-9a-cA-CefEF] hex hex hex | [dD] ([0-7] hex hex | [89abAB] hex hex "\\u" [dD] [c-fC-F] hex hex)
        hex    ::= [0-9a-fA-F]
        number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
        space  ::= (" " | "\r"? "\n" [ \t]{0,40})?
        """;
}
