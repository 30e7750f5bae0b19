using System.Text;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>Follows texts through grammars.</summary>
internal static class Following
{
    /// <summary>Whether a grammar has a text.</summary>
    public static bool Has(this Grammar grammar, string text) => grammar.After(Encoding.UTF8.GetBytes(text)).MayEnd;

    /// <summary>Whether a grammar has a text that begins so.</summary>
    public static bool Begins(this Grammar grammar, ReadOnlySpan<byte> bytes) => !grammar.After(bytes).IsDead;

    /// <summary>Where a text is.</summary>
    public static GrammarState After(this Grammar grammar, ReadOnlySpan<byte> bytes)
    {
        GrammarMachine machine = new(grammar.Automaton);
        return machine.After(machine.Start, bytes);
    }
}
