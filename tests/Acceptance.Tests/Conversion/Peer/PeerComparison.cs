using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>Compares what the peer gives for a file with what we give.</summary>
internal sealed class PeerComparison(ConversionStack stack)
{
    private const int Alternatives = 10;

    /// <summary>The most tokens of a sequence.</summary>
    public int Context { get; init; } = 256;

    /// <summary>The most tokens of a continuation.</summary>
    public int Tokens { get; init; } = 24;

    /// <summary>Compares on a file: ids of texts, and the peer's greedy continuations of prompts with what we give to each of its tokens.</summary>
    public async Task RunAsync(string ours, string theirs, string type, string[] texts, string[] prompts, int[][] ids, bool isTrained)
    {
        ModelMetadata m = stack.Metadata(ours);
        (double tolerance, ActivationPrecision activations) = PeerTolerance.Of(type, Math.Max(m.EmbeddingLength, m.FeedForwardLength), isTrained, hasGelu: m.Architecture is "gemma" or "gemma2" or "gemma3" or "phi2" or "starcoder2");
        using Composition composition = stack.Host.Build(ours, activations, Context);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits, Context);
        await using PeerServer peer = await PeerServer.StartAsync(theirs, Context);
        foreach (string text in texts)
            foreach (bool addSpecial in new[] { false, true })
                Assert.Equal(Encode(composition.Tokenizer, text, addSpecial), await peer.TokenizeAsync(text, addSpecial));
        double largest = 0;
        int tokens = 0, said = 0;
        foreach (int[] prompt in prompts.Select(p => Encode(composition.Tokenizer, p, addSpecial: true)).Concat(ids))
        {
            PeerToken[] answer = await peer.ContinueAsync(prompt, Tokens, Alternatives);
            Assert.NotEmpty(answer);
            (tokens, said) = (tokens + answer.Length, said + answer.Count(t => t.Best.Length > 0));
            int[] whole = [.. prompt, .. answer.Select(t => t.Id)];
            evaluator.Evaluate(whole.AsSpan(0, whole.Length - 1), [.. Enumerable.Range(prompt.Length - 1, answer.Length)], (position, logits) =>
            {
                PeerToken token = answer[position - prompt.Length + 1];
                foreach ((int id, double expected) in token.Best)
                    largest = Math.Max(largest, Math.Abs(expected - LogProbability.Of(logits, id)));
                // Of nearly equal ones either may be the first.
                double lost = logits.ToArray().Max() - logits[token.Id];
                Assert.True(lost <= tolerance, $"token {position}: the peer's is {token.Id}, and another is better by {lost}");
            });
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{m.Architecture}, {type}: {texts.Length} texts, {tokens} tokens, {said} of them with probabilities; largest difference of a logarithm of a probability {largest:E2} of {tolerance}");
        Assert.True(said > 0);
        Assert.InRange(largest, 0, tolerance);
    }

    private static int[] Encode(ITokenizer tokenizer, string text, bool addSpecial)
    {
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = addSpecial, ParseSpecial = true }, ids);
        return [.. ids];
    }
}
