namespace Tessera.Conformance.Ledger;

/// <summary>A model without weights: what a correct engine must get from a <see cref="LedgerBackend"/> follows from the tokens alone.</summary>
public sealed class LedgerModel
{
    private readonly int[] _suppressed;

    /// <summary>Describes the model.</summary>
    /// <param name="vocabularySize">The number of token ids.</param>
    /// <param name="windows">One cache group each: 0 keeps all, else the tokens that a window sees. None given: one group that keeps all.</param>
    /// <param name="suppressed">Tokens that are never the greedy pick, such as end tokens.</param>
    /// <param name="contextLength">What the metadata says.</param>
    /// <param name="rotation">A rotation that may depend on the planned length, or null.</param>
    public LedgerModel(int vocabularySize, IReadOnlyList<int>? windows = null, IReadOnlyList<int>? suppressed = null, int contextLength = 1 << 20, RopeTable? rotation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        _suppressed = [.. suppressed ?? []];
        foreach (int token in _suppressed)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)vocabularySize, nameof(suppressed));
        CacheGroup[] groups = [.. (windows ?? [0]).Select((window, i) => new CacheGroup(
            $"group {i}", window == 0 ? CacheKind.Full : CacheKind.Window, window, [new CacheSpec($"cache {i}", 1, 1, 1)]))];
        GraphValue head = new(2, "head", 2);
        Graph = new ModelGraph
        {
            Nodes = rotation is null ? [] : [new RopeNode("rope", head, new GraphValue(3, "rotated", 2), 1, 2, rotation)],
            CacheGroups = groups,
            VocabularySize = vocabularySize,
            Hidden = new GraphValue(0, "hidden", LedgerHash.HiddenWidth),
            Logits = new GraphValue(1, "logits", vocabularySize),
        };
        Source = new ModelSource
        {
            Format = "ledger",
            Metadata = new ModelMetadata { Architecture = "ledger", VocabularySize = vocabularySize, ContextLength = contextLength },
            Tensors = [],
        };
    }

    /// <summary>A source without tensors.</summary>
    public ModelSource Source { get; }

    /// <summary>A graph of cache groups, without nodes but the rotation.</summary>
    public ModelGraph Graph { get; }

    /// <summary>The tokens that are never the greedy pick.</summary>
    public IReadOnlyList<int> Suppressed => _suppressed;

    /// <summary>The logits that the last of these tokens must get, at positions 0 and on.</summary>
    /// <param name="tokens">The sequence.</param>
    /// <param name="planned">The length that it is planned for.</param>
    public float[] Expected(IReadOnlyList<int> tokens, int planned = 0)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ulong hash = LedgerHash.Rotation(Graph, planned);
        for (int g = 0; g < Graph.CacheGroups.Count; g++)
        {
            ulong view = LedgerHash.Start(g);
            int window = Graph.CacheGroups[g].Window;
            for (int i = window == 0 ? 0 : Math.Max(0, tokens.Count - window); i < tokens.Count; i++)
                view = LedgerHash.Add(view, tokens[i], i);
            hash = LedgerHash.Join(hash, view);
        }
        float[] logits = new float[Graph.VocabularySize];
        LedgerHash.Logits(hash, _suppressed, logits);
        return logits;
    }

    /// <summary>The tokens that greedy decoding adds to a prompt.</summary>
    /// <param name="prompt">At least one token.</param>
    /// <param name="count">The most tokens.</param>
    /// <param name="endTokens">Stops after one of these.</param>
    /// <param name="planned">The length that the sequence is planned for.</param>
    public int[] Greedy(IReadOnlyList<int> prompt, int count, IReadOnlyList<int>? endTokens = null, int planned = 0)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            tokens.Add(Best(Expected(tokens, planned)));
            if (endTokens?.Contains(tokens[^1]) == true)
                break;
        }
        return [.. tokens.Skip(prompt.Count)];
    }

    /// <summary>The index of the highest logit; the lowest index among equals.</summary>
    public static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best])
                best = i;
        return best;
    }
}
