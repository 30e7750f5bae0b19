using Tessera.Engine.Blocks;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Scheduling;

/// <summary>Takes a computed step in: draws tokens, keeps the drafts that equal what plain decoding draws, writes to the streams and ends what is at its end.</summary>
internal sealed unsafe class Verifier(Composition composition, SequenceSet set, BlockPool pool, Drafter drafter, TimeProvider time, IEngineObserver? observer)
{
    private readonly IModelRuntime _runtime = composition.Runtime;
    private readonly int _vocabulary = composition.Graph.VocabularySize;
    private readonly SamplingBuffers _buffers = new(composition.Graph.VocabularySize);
    private readonly int[] _endTokens = [.. composition.Tokenizer.EndTokens];
    private int _output;
    private long _now;

    /// <summary>Drafts that were accepted in the step.</summary>
    public int Accepted { get; private set; }

    /// <summary>Tokens that were written in the step.</summary>
    public int Emitted { get; private set; }

    /// <summary>Starts a step.</summary>
    public void Begin()
    {
        _now = time.GetTimestamp();
        _output = Accepted = Emitted = 0;
    }

    /// <summary>Takes a sequence's rows in, in the order of the batch.</summary>
    public void Accept(Sequence sequence)
    {
        int first = _output;
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
            set.End(sequence, FinishReason.Length);
            set.Remove(sequence);
            return;
        }
        _output += 1 + sequence.Drafts;
        if (sequence.Followers.Length > 0)
            ForkOff(sequence, first);
        sequence.State = SequenceState.Decoding;
        if (sequence.Ended)
            set.Remove(sequence);
        else
            Draw(sequence, first);
    }

    private void ForkOff(Sequence sequence, int output)
    {
        pool.Commit(sequence.Table!, sequence.Tokens, sequence.Computed);
        set.Fork(sequence);
        Sequence[] followers = sequence.Followers;
        sequence.Followers = [];
        foreach (Sequence follower in followers)
            if (!follower.Ended)
                Draw(follower, output);
    }

    /// <summary>Draws the token after each row for as long as the next row's draft is that token.</summary>
    private void Draw(Sequence sequence, int output)
    {
        ReadOnlySpan<int> drafts = sequence.Drafts == 0 ? default : drafter.Drafts(sequence.DraftIndex)[..sequence.Drafts];
        int accepted = 0;
        while (true)
        {
            ReadOnlySpan<float> logits = new(_runtime.Logits(output + accepted), _vocabulary);
            int token = sequence.Sampler.Draw(logits, sequence.Generated, _buffers);
            if (token < 0)
            {
                set.End(sequence, FinishReason.Error, $"the model's logits after {sequence.Length} tokens are not numbers");
                pool.Forget(sequence.Table!);
                set.Remove(sequence);
                return;
            }
            FinishReason reason = Emit(sequence, token, logits);
            bool right = accepted < drafts.Length && drafts[accepted] == token;
            accepted += right ? 1 : 0;
            if (reason == FinishReason.None && right)
                continue;
            Settle(sequence, accepted, reason);
            return;
        }
    }

    private void Settle(Sequence sequence, int accepted, FinishReason reason)
    {
        sequence.Computed += accepted;
        Accepted += accepted;
        if (sequence.Drafts > 0)
            drafter.Verified(sequence, accepted);
        pool.Commit(sequence.Table!, sequence.Tokens, sequence.Computed);
        if (reason == FinishReason.None)
            return;
        set.End(sequence, reason);
        set.Remove(sequence);
    }

    private FinishReason Emit(Sequence sequence, int token, ReadOnlySpan<float> logits)
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
        sequence.Stream.Write(new GeneratedToken(token, probability));
        Emitted++;
        if (sequence.Generated == 1)
            observer?.FirstToken(time.GetElapsedTime(sequence.Submitted, _now));
        else
            observer?.NextToken(time.GetElapsedTime(sequence.LastToken, _now));
        sequence.LastToken = _now;
        if (!sequence.Request.IgnoreEndTokens && _endTokens.AsSpan().Contains(token))
            return FinishReason.EndToken;
        sequence.Stops?.Append(token, null);
        if (sequence.Stops is { Stopped: true })
            return FinishReason.StopString;
        return sequence.Generated == sequence.MaxTokens ? FinishReason.Length : FinishReason.None;
    }
}
