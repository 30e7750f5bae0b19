using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Scheduling;

/// <summary>Checks requests and makes their sequences.</summary>
internal sealed class RequestReader(Composition composition, Intake intake, GrammarCache grammars, int maxSequences, TimeProvider time)
{
    private static long s_lastId;

    /// <summary>The seeds of requests that have none.</summary>
    public Func<ulong> RandomSeed { get; set; } = static () => (ulong)Random.Shared.NextInt64();

    /// <summary>The sequences of a request, the first of them with the others as followers.</summary>
    public Sequence[] Read(GenerationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request);
        int maxTokens = Math.Min(request.MaxTokens, composition.Limits.MaxContext - request.Prompt.Length);
        int top = Math.Min(request.TopLogProbabilities, composition.Graph.VocabularySize);
        ulong seed = request.Sampling.Seed ?? RandomSeed();
        long first = Interlocked.Add(ref s_lastId, request.Choices) - request.Choices + 1;
        long now = time.GetTimestamp();
        Sequence[] sequences = new Sequence[request.Choices];
        for (int choice = 0; choice < sequences.Length; choice++)
        {
            Sequence? self = null;
            GenerationStream stream = new(first + choice, choice, maxTokens, top, () => self!.Withdraw());
            TextStream? stops = request.Stop.Count == 0 ? null : new(composition.Tokenizer.CreateDecoder(skipControl: true), request);
            self = new Sequence(first + choice, request, stream, maxTokens, CounterRandom.ForChoice(seed, choice), stops, now)
            {
                Home = intake,
                Grammar = grammars.Open(request),
                PlannedTokens = composition.PlannedContext ?? request.Prompt.Length + maxTokens,
            };
            sequences[choice] = self;
        }
        sequences[0].Followers = sequences[1..];
        return sequences;
    }

    private void Check(GenerationRequest request)
    {
        int vocabulary = composition.Graph.VocabularySize, context = composition.Limits.MaxContext;
        Require(request.Prompt is { Length: > 0 }, nameof(request.Prompt), "at least one token is needed");
        if (request.Pooled)
            CheckPooled(request);
        else
        {
            Require(composition.Graph.Logits is not null, nameof(request), $"model '{composition.Name}' has no head and generates nothing");
            Require(request.Prompt.Length < context, nameof(request.Prompt), $"{request.Prompt.Length} tokens, and the context of {context} needs room for one more");
        }
        CheckTypes(request);
        foreach (int token in request.Prompt)
            if ((uint)token >= (uint)vocabulary)
                Require(false, nameof(request.Prompt), $"token {token} is not in 0 to {vocabulary - 1}");
        foreach (int token in request.Prediction.Span)
            if ((uint)token >= (uint)vocabulary)
                Require(false, nameof(request.Prediction), $"token {token} is not in 0 to {vocabulary - 1}");
        Require(request.MaxTokens >= 0, nameof(request.MaxTokens), $"at least 0, found {request.MaxTokens}");
        Require(request.MinTokens >= 0 && request.MinTokens <= request.MaxTokens, nameof(request.MinTokens), $"0 to {nameof(request.MaxTokens)}, {request.MaxTokens}, found {request.MinTokens}");
        Require(request.Choices >= 1 && request.Choices <= maxSequences, nameof(request.Choices), $"1 to {maxSequences}, found {request.Choices}");
        Require(request.TopLogProbabilities is >= -1 and <= LogProbabilities.MaxTop, nameof(request.TopLogProbabilities), $"-1 to {LogProbabilities.MaxTop}, found {request.TopLogProbabilities}");
        foreach (string stop in request.Stop)
            Require(!string.IsNullOrEmpty(stop), nameof(request.Stop), "a stop string is empty");
        request.Sampling.Validate();
        foreach (int token in request.Sampling.LogitBias.Keys)
            if (token >= vocabulary)
                throw new SamplingOptionsException(nameof(SamplingOptions.LogitBias), $"token {token} is not in 0 to {vocabulary - 1}");
    }

    private void CheckPooled(GenerationRequest request)
    {
        int most = composition.LongestPooled;
        Require(composition.Graph.Pooled is not null, nameof(request.Pooled), $"model '{composition.Name}' does not say how texts become vectors");
        Require(request.Prompt.Length <= most, nameof(request.Prompt), $"{request.Prompt.Length} tokens are more than the {most} that the model takes");
        Require(request.MaxTokens == 0 && request.Choices == 1 && request.Stop.Count == 0, nameof(request.Pooled), "a vector goes with no generated tokens, one choice and no stop strings");
    }

    private void CheckTypes(GenerationRequest request)
    {
        if (request.TokenTypes is not { } types)
            return;
        Require(types.Length == request.Prompt.Length, nameof(request.TokenTypes), $"{types.Length} types for {request.Prompt.Length} tokens");
        foreach (int type in types)
            Require((uint)type < (uint)composition.TokenTypes, nameof(request.TokenTypes), $"type {type} is not in 0 to {composition.TokenTypes - 1}");
    }

    private static void Require(bool ok, string field, string problem)
    {
        if (!ok)
            throw new RequestException(field, problem);
    }
}
