using Tessera.Engine.Generation;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Vocabulary;

namespace Tessera.Engine.Grammars;

/// <summary>One continuation's way through its request's grammar. The step thread's.</summary>
internal sealed class GrammarRun(GrammarMachine machine, VocabularyTrie vocabulary, GenerationRequest request)
{
    private GrammarState? _state;
    private TokenMask? _mask;

    /// <summary>Why it cannot go on; null: it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether no token may come: the output is complete, or there is a <see cref="Problem"/>.</summary>
    public bool IsAtEnd => Look() is not { Count: > 0 };

    /// <summary>Whether the output may end here.</summary>
    public bool MayEnd => _state is { MayEnd: true };

    /// <summary>A row of logits in which only what may come next has a probability. Not at the end.</summary>
    /// <param name="logits">The row.</param>
    /// <param name="generated">The output's tokens so far.</param>
    /// <param name="allowed">Takes it.</param>
    public void Allow(ReadOnlySpan<float> logits, int generated, Span<float> allowed)
    {
        Look()!.Apply(logits, allowed);
        if (MayEnd && MayHaveEnd(generated))
            foreach (int id in vocabulary.EndTokens)
                if ((uint)id < (uint)allowed.Length)
                    allowed[id] = logits[id];
    }

    /// <summary>Goes on by a token that was put out; one that ends the output changes nothing.</summary>
    public void Advance(int token)
    {
        if (Problem is not null || vocabulary.IsEnd(token))
            return;
        _mask = null;
        machine.AllowToken();
        try
        {
            _state = machine.After(_state ?? machine.Start, vocabulary.Piece(token));
            if (_state.IsDead)
                Problem = "the output so far does not follow the grammar";
        }
        catch (GrammarCostException e)
        {
            Problem = e.Message;
        }
    }

    /// <summary>How many tokens of a draft, from the first on, may come. What is found out on the way there is forgotten, and what it takes is not held against the output.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="generated">The output's tokens so far.</param>
    public int Fit(ReadOnlySpan<int> draft, int generated)
    {
        int fitting = 0;
        long work = machine.Work;
        machine.Work = Math.Min(work, GrammarLimits.WorkPerToken);
        try
        {
            for (GrammarState state = _state ?? machine.Start; fitting < draft.Length; fitting++)
            {
                int token = draft[fitting];
                if (vocabulary.IsEnd(token))
                {
                    fitting += state.MayEnd && MayHaveEnd(generated + fitting) ? 1 : 0;
                    break;
                }
                ReadOnlySpan<byte> piece = vocabulary.Piece(token);
                state = machine.After(state, piece);
                if (piece.IsEmpty || state.IsDead)
                    break;
            }
        }
        catch (GrammarCostException)
        {
            // The output finds out for itself, should it come here.
        }
        machine.Work = work;
        return fitting;
    }

    private bool MayHaveEnd(int generated) => !request.IgnoreEndTokens && generated >= request.MinTokens;

    private TokenMask? Look()
    {
        if (_mask is not null || Problem is not null)
            return _mask;
        try
        {
            if (_state is null)
            {
                machine.AllowStart();
                _state = machine.Start;
            }
            _mask = machine.Mask(_state, vocabulary);
            if (_mask.Count == 0 && !_state.MayEnd)
                Problem = "no token of the vocabulary fits the grammar here, and it does not let the output end";
        }
        catch (GrammarCostException e)
        {
            Problem = e.Message;
        }
        return _mask;
    }
}
