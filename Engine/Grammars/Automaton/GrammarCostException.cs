namespace Tessera.Engine.Grammars.Automaton;

/// <summary>A grammar is so ambiguous that following it costs more than it may.</summary>
internal sealed class GrammarCostException(string what) : TesseraException($"the grammar is too ambiguous: {what}");
