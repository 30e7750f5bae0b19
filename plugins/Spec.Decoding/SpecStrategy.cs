using Tessera.Spec.Decoding.Sources;

namespace Tessera.Spec.Decoding;

/// <summary>Asks the sources in their order; a sequence's draft is the first that any of them has for it.</summary>
internal sealed class SpecStrategy : IDraftModelStrategy
{
    private readonly IDraftSource[] _sources;
    private readonly string[] _names;
    private readonly Turn _turn;

    public SpecStrategy(SpecOptions options)
    {
        MaxDraft = options.MaxDraft;
        _names = [.. options.Sources];
        _sources = [.. _names.Select(name => Create(name, options))];
        _turn = new Turn(MaxDraft);
    }

    /// <inheritdoc/>
    public int MaxDraft { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Sources => _names;

    /// <inheritdoc/>
    public DraftTraits Traits(int source) => _sources[source].Traits with { MaxDraft = Math.Min(MaxDraft, _sources[source].Traits.MaxDraft) };

    /// <inheritdoc/>
    public void Attach(IDraftModel model)
    {
        foreach (IDraftSource source in _sources)
            (source as DraftModelSource)?.Attach(model);
    }

    /// <inheritdoc/>
    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        _turn.Start(sequences, sink);
        try
        {
            for (int i = 0; i < _sources.Length; i++)
            {
                _turn.Source = i;
                // Every source sees every sequence, drafted for or not: it learns from the tokens.
                _sources[i].Propose(_turn);
            }
        }
        finally
        {
            _turn.End();
        }
    }

    /// <inheritdoc/>
    public void Verified(long sequence, int proposed, int accepted)
    {
    }

    /// <inheritdoc/>
    public void Ended(long sequence)
    {
        foreach (IDraftSource source in _sources)
            source.Ended(sequence);
    }

    private static IDraftSource Create(string name, SpecOptions options) => name switch
    {
        DraftSources.Prediction => new PredictionSource(),
        DraftSources.Model => new DraftModelSource(),
        SpecOptions.Lookup => new LookupSource(options.LookupMin, options.LookupMax),
        SpecOptions.Suffix => new SuffixSource(options.SuffixTokens),
        _ => throw new ArgumentException($"no source is called '{name}'", nameof(name)),
    };
}
