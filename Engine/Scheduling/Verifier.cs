using System.Runtime.InteropServices;
using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Speculation;

namespace Tessera.Engine.Scheduling;

/// <summary>Takes a computed step in: draws tokens, keeps the drafts that plain decoding could have drawn, writes to the streams and ends what is at its end.</summary>
internal sealed unsafe class Verifier(Composition composition, SequenceSet set, BlockPool pool, Drafter drafter, TimeProvider time, IEngineObserver? observer, IAcceptanceRule rule)
{
    private readonly IModelRuntime _runtime = composition.Runtime;
    private readonly int _vocabulary = composition.Graph.VocabularySize;
    private readonly SamplingBuffers _buffers = new(composition.Graph.VocabularySize);
    private readonly EndTokens _endTokens = new(composition.Tokenizer);
    private readonly List<ReaderWait> _readers = [];
    private int _logits, _best, _pooled;
    private long _now;

    /// <summary>Whether logits that are not numbers are a failure of the engine, which another one recovers from, and not the sequence's end.</summary>
    public bool IsOnTrial { get; set; }

    /// <summary>Lets readers go on.</summary>
    public ReaderQueue Readers { get; } = new($"tessera readers {composition.Name}");

    /// <summary>Drafts that were accepted in the step.</summary>
    public int Accepted { get; private set; }

    /// <summary>Tokens that were written in the step.</summary>
    public int Emitted { get; private set; }

    /// <summary>Starts a step.</summary>
    public void Begin()
    {
        _now = time.GetTimestamp();
        _logits = _best = _pooled = Accepted = Emitted = 0;
    }

    /// <summary>Takes a sequence's rows in, in the order of the batch.</summary>
    public void Accept(Sequence sequence)
    {
        ref int output = ref (sequence.Best > 0 ? ref _best : ref _logits);
        int first = output;
        int computed = sequence.Computed + sequence.Rows - sequence.Drafts;
        sequence.Computed = computed;
        if (computed < sequence.Length)
        {
            pool.Commit(sequence.Table!, sequence.Tokens, computed);
            return;
        }
        if (sequence.MaxTokens == 0)
        {
            pool.Commit(sequence.Table!, sequence.Tokens, computed);
            if (!sequence.Request.Pooled || TakeVector(sequence))
                set.End(sequence, FinishReason.Length);
            set.Remove(sequence);
            return;
        }
        output += 1 + sequence.Drafts;
        if (sequence.Followers.Length > 0)
            ForkOff(sequence, first);
        sequence.State = SequenceState.Decoding;
        if (sequence.Ended)
            set.Remove(sequence);
        else
            Draw(sequence, first);
    }

    /// <summary>Wakes those who wait for what was written, all at once: a reader that is woken takes a processor from the step.</summary>
    public void WakeReaders()
    {
        try
        {
            Readers.Add(CollectionsMarshal.AsSpan(_readers));
        }
        finally
        {
            _readers.Clear();
        }
    }

    private bool TakeVector(Sequence sequence)
    {
        ReadOnlySpan<float> vector = new(((IPoolingRuntime)_runtime).Pooled(_pooled++), composition.Graph.Pooled!.Width);
        foreach (float value in vector)
            if (!float.IsFinite(value))
            {
                string problem = $"the model's vector of {sequence.Length} tokens is not made of numbers";
                if (IsOnTrial)
                    throw new TesseraException(problem);
                set.End(sequence, FinishReason.Error, problem);
                pool.Forget(sequence.Table!);
                return false;
            }
        sequence.Stream.SetVector(vector.ToArray());
        return true;
    }

    private void ForkOff(Sequence sequence, int output)
    {
        pool.Commit(sequence.Table!, sequence.Tokens, sequence.Computed);
        set.Fork(sequence);
        Sequence[] followers = sequence.Followers;
        sequence.Followers = [];
        foreach (Sequence follower in followers)
        {
            follower.Best = sequence.Best;
            if (!follower.Ended)
                Draw(follower, output);
        }
    }

    /// <summary>Draws the token after each row for as long as the next row's draft is that token. Penalties see each token before the next is drawn, and never one that is not accepted.</summary>
    private void Draw(Sequence sequence, int output)
    {
        ReadOnlySpan<int> drafts = sequence.Drafts == 0 ? default : drafter.Drafts(sequence.DraftIndex)[..sequence.Drafts];
        int accepted = 0;
        string? problem = null;
        FinishReason end = Follow(sequence, ref problem);
        while (end == FinishReason.None)
        {
            ReadOnlySpan<float> logits = sequence.Best > 0 ? default : new(_runtime.Logits(output + accepted), _vocabulary);
            int draft = accepted < drafts.Length ? drafts[accepted] : -1;
            // Where the grammar refused a draft token, it is rejected without a row of its own: what was sampled with it must not come more often for it.
            int judged = draft < 0 && sequence.Grammar is not null ? drafter.Refused(sequence, accepted) : draft;
            int token = sequence.Best > 0
                ? Draw(sequence, ((IChoosingRuntime)_runtime).Best(output + accepted), judged, accepted)
                : Draw(sequence, _endTokens.Allowed(sequence.Request, logits, sequence.Generated, sequence.Grammar), judged, accepted);
            if (token < 0)
            {
                Break(sequence, logits);
                return;
            }
            end = Emit(sequence, token, logits, ref problem);
            if (draft == token)
            {
                accepted++;
                if (end == FinishReason.None)
                    continue;
            }
            Settle(sequence, accepted, draft >= 0 && draft != token, draft < 0 ? token : -1, end, problem);
            return;
        }
        // It was at its grammar's end before a token was drawn.
        Settle(sequence, 0, rejected: false, next: -1, end, problem);
    }

    /// <summary>Ends a sequence that no token can be drawn for.</summary>
    private void Break(Sequence sequence, ReadOnlySpan<float> logits)
    {
        bool isGrammars = sequence.Grammar is not null && float.IsFinite(LogitScan.Max(logits));
        string problem = isGrammars ? "the model gives no probability to what the grammar allows" : $"the model's logits after {sequence.Length} tokens are not numbers";
        if (IsOnTrial && !isGrammars)
            throw new TesseraException(problem);
        set.End(sequence, FinishReason.Error, problem);
        pool.Forget(sequence.Table!);
        set.Remove(sequence);
    }

    /// <summary>Whether a sequence's grammar lets no token come any more.</summary>
    private static FinishReason Follow(Sequence sequence, ref string? problem)
    {
        if (sequence.Grammar is not { IsAtEnd: true } grammar)
            return FinishReason.None;
        problem = grammar.Problem;
        return problem is null ? FinishReason.EndToken : FinishReason.Error;
    }

    private int Draw(Sequence sequence, ReadOnlySpan<float> logits, int draft, int place) => draft >= 0 && sequence.Sampler.AcceptsByChance
        ? sequence.Sampler.Verify(logits, sequence.Generated, draft, drafter.Distribution(sequence.DraftIndex, place), rule, _buffers)
        : sequence.Sampler.Draw(logits, sequence.Generated, _buffers);

    private int Draw(Sequence sequence, ReadOnlySpan<BestToken> best, int draft, int place) => draft >= 0 && sequence.Sampler.AcceptsByChance
        ? sequence.Sampler.Verify(best, sequence.Generated, draft, drafter.Distribution(sequence.DraftIndex, place), rule, _buffers)
        : sequence.Sampler.Draw(best, sequence.Generated, _buffers);

    private void Settle(Sequence sequence, int accepted, bool rejected, int next, FinishReason reason, string? problem)
    {
        sequence.Computed += accepted;
        Accepted += accepted;
        drafter.Verified(sequence, accepted, rejected, next);
        pool.Commit(sequence.Table!, sequence.Tokens, sequence.Computed);
        if (reason == FinishReason.None)
            return;
        set.End(sequence, reason, problem);
        set.Remove(sequence);
    }

    private FinishReason Emit(Sequence sequence, int token, ReadOnlySpan<float> logits, ref string? problem)
    {
        float probability = float.NaN;
        if (sequence.Request.TopLogProbabilities >= 0)
        {
            double normalizer = LogProbabilities.Normalizer(logits);
            probability = (float)(logits[token] - normalizer);
            LogProbabilities.Top(logits, normalizer, sequence.Stream.NextTop);
        }
        if (sequence.Stream.Unread == 0)
            sequence.LastRead = _now;
        sequence.Append(token);
        if (sequence.Stream.Write(new GeneratedToken(token, probability)) is { } reader)
            _readers.Add(reader);
        Emitted++;
        if (sequence.Generated == 1)
            observer?.FirstToken(time.GetElapsedTime(sequence.Submitted, _now));
        else
            observer?.NextToken(time.GetElapsedTime(sequence.LastToken, _now));
        sequence.LastToken = _now;
        if (_endTokens.Ends(sequence.Request, token, sequence.Generated))
            return FinishReason.EndToken;
        sequence.Stops?.Append(token, null);
        if (sequence.Stops is { Stopped: true })
            return FinishReason.StopString;
        sequence.Grammar?.Advance(token);
        if (sequence.Generated == sequence.MaxTokens)
            return sequence.Grammar is { MayEnd: true, IsAtEnd: true, Problem: null } ? FinishReason.EndToken : FinishReason.Length;
        return Follow(sequence, ref problem);
    }
}
