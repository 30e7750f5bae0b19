using Tessera.Engine.Generation;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Vocabulary;

namespace Tessera.Engine.Grammars;

/// <summary>The grammars that an engine was asked for last, with all that is known of them: a request with one of them finds its masks ready. Any thread may open one; only the step thread follows it.</summary>
internal sealed class GrammarCache(ITokenizer tokenizer, int vocabularySize)
{
    /// <summary>How many are remembered.</summary>
    public const int Most = 8;

    private readonly Lock _lock = new();
    // The latest last.
    private readonly List<(string Text, GrammarMachine Machine)> _machines = [];
    private VocabularyTrie? _vocabulary;

    /// <summary>The beginning of a request's grammar; null: it has none. The first one takes the time to read the vocabulary.</summary>
    public GrammarRun? Open(GenerationRequest request)
    {
        if (request.Grammar is not { } grammar)
            return null;
        lock (_lock)
        {
            _vocabulary ??= new VocabularyTrie(tokenizer, vocabularySize);
            int known = _machines.FindIndex(m => m.Text == grammar.Text);
            GrammarMachine machine = known < 0 ? new GrammarMachine(grammar.Automaton) : _machines[known].Machine;
            if (known >= 0 || _machines.Count == Most)
                _machines.RemoveAt(Math.Max(known, 0));
            _machines.Add((grammar.Text, machine));
            return new GrammarRun(machine, _vocabulary, request);
        }
    }
}
