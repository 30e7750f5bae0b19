using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Syntax;

namespace Tessera.Engine.Grammars;

/// <summary>A grammar that an output has to follow, in llama.cpp's notation (GBNF). Immutable.</summary>
public sealed class Grammar
{
    private static readonly Lazy<Grammar> s_json = new(static () => Parse(JsonGrammar.Text));

    private Grammar(string text, GrammarAutomaton automaton) => (Text, Automaton) = (text, automaton);

    /// <summary>Any JSON object, with little white space in it and none around it.</summary>
    public static Grammar Json => s_json.Value;

    /// <summary>What it was made from.</summary>
    public string Text { get; }

    /// <summary>The compiled grammar.</summary>
    internal GrammarAutomaton Automaton { get; }

    /// <summary>Compiles a grammar. The text may be anybody's: what it may cost is bounded.</summary>
    /// <exception cref="GrammarException">It is not a grammar, or one that is too large or too ambiguous; the exception names the place.</exception>
    public static Grammar Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        (IReadOnlyList<Rule> rules, GrammarText source) = GrammarParser.Parse(text);
        GrammarAutomaton automaton = GrammarCompiler.Compile(rules, source);
        try
        {
            // What is too ambiguous before the first byte is better refused than begun.
            _ = new GrammarMachine(automaton).Start;
        }
        catch (GrammarCostException e)
        {
            throw source.Fail(rules[0].Place, e.Message);
        }
        return new Grammar(text, automaton);
    }
}
