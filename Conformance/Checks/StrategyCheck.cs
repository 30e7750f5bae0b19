namespace Tessera.Conformance.Checks;

/// <summary>Checks a decoding strategy by the rules of its contract, on sequences that repeat themselves now and then: drafts only for sequences of the call, within their room, of ids that the sequences have; the same from another instance.</summary>
public static class StrategyCheck
{
    private const int Vocabulary = 24, Steps = 40, Sequences = 3;

    /// <summary>What is wrong, or null; also where there is no strategy.</summary>
    /// <param name="create">Makes a strategy.</param>
    public static string? Problem(Func<IDecodingStrategy?> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        if (create() is not { } strategy)
            return null;
        if (strategy.MaxDraft < 0)
            return $"MaxDraft is {strategy.MaxDraft}";
        if (strategy.Sources is not { Count: > 0 })
            return "it names no source";
        List<int[]> first = [], second = [];
        return Run(strategy, first) ?? Run(create()!, second) ?? Different(first, second);
    }

    private static string? Run(IDecodingStrategy strategy, List<int[]> drafts)
    {
        Random random = new(7);
        List<int>[] texts = [.. Enumerable.Range(0, Sequences).Select(s => Enumerable.Range(0, Vocabulary).Concat(Enumerable.Range(s, 8)).ToList())];
        for (int step = 0; step < Steps; step++)
        {
            int[] rooms = [.. texts.Select(_ => random.Next(4) * Math.Max(1, strategy.MaxDraft) / 2)];
            DraftSequence[] call = [.. texts.Select((t, i) => new DraftSequence(i, t.ToArray(), rooms[i]))];
            DraftLog log = new();
            strategy.Propose(call, log);
            if (Wrong(log, strategy, rooms) is { } problem)
                return $"step {step}: {problem}";
            for (int i = 0; i < texts.Length; i++)
            {
                int[] draft = log.Of(i);
                drafts.Add(draft);
                int accepted = random.Next(draft.Length + 1);
                if (draft.Length > 0)
                    strategy.Verified(i, draft.Length, accepted);
                texts[i].AddRange(draft.AsSpan(0, accepted));
                texts[i].Add(random.Next(3) == 0 ? random.Next(Vocabulary) : (texts[i][^1] + 1) % Vocabulary);
            }
        }
        for (int i = 0; i < texts.Length; i++)
            strategy.Ended(i);
        return null;
    }

    private static string? Wrong(DraftLog log, IDecodingStrategy strategy, int[] rooms)
    {
        foreach (int sequence in log.Sequences)
            if ((uint)sequence >= (uint)rooms.Length)
                return $"a draft for sequence {sequence} of a call of {rooms.Length}";
        foreach (int sequence in log.Sequences)
        {
            int[] draft = log.Of(sequence);
            if (draft.Length > Math.Min(rooms[sequence], strategy.MaxDraft))
                return $"a draft of {draft.Length} tokens, room is {rooms[sequence]} and MaxDraft {strategy.MaxDraft}";
            if (log.SourceOf(sequence) is int source && (uint)source >= (uint)strategy.Sources.Count)
                return $"a draft from source {source}, it has {strategy.Sources.Count}";
            if (strategy.Traits(log.SourceOf(sequence)).MaxDraft is int most && draft.Length > most)
                return $"a draft of {draft.Length} tokens from source '{strategy.Sources[log.SourceOf(sequence)]}', whose traits say at most {most}";
            if (draft.Any(id => (uint)id >= Vocabulary))
                return $"the draft [{string.Join(", ", draft)}], of sequences whose ids are 0 to {Vocabulary - 1}";
        }
        return log.Problem;
    }

    private static string? Different(List<int[]> one, List<int[]> other)
    {
        for (int i = 0; i < one.Count; i++)
            if (!one[i].SequenceEqual(other[i]))
                return $"step {i / Sequences}: [{string.Join(", ", one[i])}], and from another instance, asked the same, [{string.Join(", ", other[i])}]";
        return null;
    }
}
