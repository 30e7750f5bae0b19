using Tessera.Engine.Sampling;

namespace Tessera.Engine.Speculation;

/// <summary>The best tokens of a draft model's rows: from the runtime where it finds them itself, so that no logits leave the device; else from the logits.</summary>
/// <param name="composition">The draft model.</param>
/// <param name="vocabulary">Ids from here on are not the first model's.</param>
/// <param name="sequences">The most sequences of a batch.</param>
internal sealed unsafe class DraftChoice(Composition composition, int vocabulary, int sequences)
{
    private readonly IModelRuntime _runtime = composition.Runtime;

    // The runtime's best may be ids that the first model lacks; then all logits are needed.
    private readonly IChoosingRuntime? _chooses =
        vocabulary >= composition.Graph.VocabularySize && composition.Runtime is IChoosingRuntime { MaxBest: >= IDraftSink.MaxCandidates } runtime ? runtime : null;

    private readonly BestToken[] _found = new BestToken[sequences * IDraftSink.MaxCandidates];
    private readonly int[] _wanted = new int[sequences];

    /// <summary>What a row is asked for that best tokens are wanted of.</summary>
    public RowOutputs Outputs => _chooses is null ? RowOutputs.Logits : RowOutputs.Best;

    /// <summary>Notes what a sequence of the batch wants.</summary>
    /// <exception cref="PluginException">It is too much, or nothing.</exception>
    public void Ask(int sequence, in DraftModelSequence asked) =>
        _wanted[sequence] = asked.Best is > 0 and <= IDraftSink.MaxCandidates ? asked.Best
            : throw new PluginException($"decoding strategy: expected 1 to {IDraftSink.MaxCandidates} best tokens of a draft model's sequence, found {asked.Best}");

    /// <summary>The best tokens of a sequence whose row is an output of the batch that was computed last.</summary>
    public ReadOnlySpan<BestToken> Of(int sequence, int output)
    {
        if (_chooses is not null)
            return _chooses.Best(output);
        Span<BestToken> found = _found.AsSpan(sequence * IDraftSink.MaxCandidates, _wanted[sequence]);
        return found[..BestTokens.Choose(new(_runtime.Logits(output), vocabulary), found)];
    }
}
