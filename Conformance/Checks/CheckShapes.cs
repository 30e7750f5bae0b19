namespace Tessera.Conformance.Checks;

/// <summary>Shapes that together meet every operation, revision and attribute of the graph contract.</summary>
public static class CheckShapes
{
    /// <summary>The shapes by name.</summary>
    public static IReadOnlyDictionary<string, CheckShape> All { get; } = new Dictionary<string, CheckShape>(StringComparer.Ordinal)
    {
        // The plain operations.
        ["plain"] = new(),
        ["halves, partial rotation, magnitude"] = new() { Pairing = RopePairing.Halves, KeyHeads = 4, RotatingLength = 8, RopeMagnitude = 1.2f },
        ["untied, biases, one key head"] = new() { TiedEmbeddings = false, Biases = true, KeyHeads = 1, Seed = 5 },
        ["window, small blocks"] = new() { Window = 6, BlockTokens = 4, Layers = 3 },
        ["odd sizes"] = new() { Window = 20, Heads = 6, KeyHeads = 2, HeadLength = 10, Width = 36, FeedForward = 50, Vocabulary = 41 },
        // Norms, residuals and scales.
        ["offset norms, post norms, embedding scale"] = new() { Norm = CheckNorm.RmsOffset, PostNorms = true, EmbeddingScale = 8, Activation = Activation.GeluTanh, Seed = 7 },
        ["layer norms, parallel residual, plain feed-forward"] = new() { Norm = CheckNorm.LayerBias, ParallelResidual = true, PlainFeedForward = true, Activation = Activation.Gelu, Biases = true, HeadBias = true },
        ["layer norms without bias, residual and logit scales"] = new() { Norm = CheckNorm.Layer, ResidualScale = 0.3f, LogitScale = 0.2f, PlainFeedForward = true, Activation = Activation.GeluTanh },
        ["post norms alone, norms of whole rows"] = new() { PostNorms = true, HeadNorm = CheckHeadNorm.Row, ResidualScale = 1.5f },
        ["shared head norms, fused projections"] = new() { HeadNorm = CheckHeadNorm.Shared, FusedProjections = true, Pairing = RopePairing.Halves, Activation = Activation.Gelu },
        ["own head norms"] = new() { HeadNorm = CheckHeadNorm.Own, Biases = true, FusedProjections = true, ParallelResidual = true },
        ["head layer norms, plain silu"] = new() { HeadNorm = CheckHeadNorm.Layer, PlainFeedForward = true, HeadLength = 24, Heads = 5, KeyHeads = 5 },
        // Attention.
        ["soft caps"] = new() { AttentionSoftCap = 0.4f, LogitSoftCap = 1.5f, LogitScale = 2, HeadBias = true, Window = 9, Seed = 3 },
        ["sinks, clamped gate"] = new() { Sinks = true, Window = 7, HeadLength = 40, Heads = 6, KeyHeads = 2, Activation = Activation.ClampedSwiGlu, Biases = true },
        ["sinks and a soft cap, one head each"] = new() { Sinks = true, AttentionSoftCap = 0.7f, KeyHeads = 4, ValueLength = 12 },
        ["heads of 96 and 128"] = new() { HeadLength = 96, ValueLength = 128, Heads = 3, KeyHeads = 1, BlockTokens = 8 },
        ["heads of 256"] = new() { HeadLength = 256, Heads = 2, KeyHeads = 1, Layers = 1, RotatingLength = 64, Sinks = true },
        // Rotations.
        ["long rope"] = new() { LongRope = true, Pairing = RopePairing.Halves, HeadLength = 24, RotatingLength = 20 },
        ["stretched rope, another base in odd layers"] = new() { RopeStretch = true, LocalRope = true, Window = 30, FeedForward = 40 },
        ["rope from an offset, none in odd layers"] = new() { RopeOffset = 4, RotatingLength = 10, SkipRope = true, HeadNorm = CheckHeadNorm.Shared, Layers = 3 },
        ["latent attention, absorbed"] = new() { Latent = CheckLatent.Absorbed, ValueLength = 8, BlockTokens = 4, LongRope = true },
        ["latent attention, absorbed, 576 and 512"] = new() { Latent = CheckLatent.Absorbed, HeadLength = 192, RotatingLength = 64, RopeOffset = 128, Heads = 2, Layers = 1 },
        ["latent attention, expanded"] = new() { Latent = CheckLatent.Expanded, ValueLength = 12, RopeOffset = 2, RotatingLength = 14, Norm = CheckNorm.Layer },
        // Encoders: whole sequences, whose rows see each other.
        ["encoder with learned positions and token types, mean"] = Encoder with { LearnedPositions = true, TokenTypes = 2, Pooling = PoolingKind.Mean },
        ["encoder with scores of the first row"] = Encoder with { LearnedPositions = true, TokenTypes = 3, Pooling = PoolingKind.First, PoolHead = true, HeadLength = 12, Heads = 6, KeyHeads = 2 },
        ["encoder with rotations and a reach in odd layers, last row"] = Encoder with { SumNorms = false, PlainFeedForward = false, Norm = CheckNorm.Layer, Biases = false, Window = 5, LocalRope = true, Layers = 3, FusedProjections = true, Pooling = PoolingKind.Last, Pairing = RopePairing.Halves },
        ["encoder with scores of the mean"] = Encoder with { EmbeddingNorm = false, Window = 3, Pooling = PoolingKind.Mean, PoolHead = true, PoolActivation = Activation.Gelu, HeadLength = 40, ValueLength = 24, KeyHeads = 4, HeadNorm = CheckHeadNorm.Shared },
        ["encoder with relu"] = Encoder with { LearnedPositions = true, Activation = Activation.Relu, Pooling = PoolingKind.Mean, PoolHead = true, PoolActivation = Activation.Relu, BlockTokens = 4 },
        ["logits and the last row's vector"] = new() { Activation = Activation.Tanh, Window = 6, BlockTokens = 4, Pooling = PoolingKind.Last, PoolHead = true },
        ["a mean over cached attention"] = new() { TokenTypes = 2, Pooling = PoolingKind.Mean, Headless = true, Activation = Activation.GeluTanh },
        // Experts.
        ["experts by softmax"] = Mixture(new(8, new(2, ExpertScoring.Softmax))),
        ["experts by normalized softmax, scaled, shared"] = Mixture(new(8, new(3, ExpertScoring.Softmax) { Normalize = true, Scale = 2.5f }) { Shared = true, Inner = 48 }),
        ["experts by softmax of the chosen, biases, clamped gate"] = Mixture(new(5, new(4, ExpertScoring.SoftmaxOfChosen)) { Biases = true }) with { Activation = Activation.ClampedSwiGlu },
        ["experts by sigmoid in groups, selection bias"] = Mixture(new(12, new(4, ExpertScoring.Sigmoid) { Normalize = true, Scale = 1.7f, Groups = 4, GroupsUsed = 2, GroupScoring = GroupScoring.BestTwo }) { SelectionBias = true, Shared = true, Inner = 33 }),
        ["experts by softmax in groups, by their best"] = Mixture(new(12, new(2, ExpertScoring.Softmax) { Scale = 4, Groups = 3, GroupsUsed = 1 })) with { Activation = Activation.Gelu, ParallelResidual = true },
        ["one expert of all, selection bias before softmax"] = Mixture(new(6, new(1, ExpertScoring.SoftmaxOfChosen)) { SelectionBias = true }) with { Activation = Activation.GeluTanh, PostNorms = true },
        ["experts that are tensors of their own"] = Mixture(new(6, new(2, ExpertScoring.Softmax) { Normalize = true }) { Stacked = true, Inner = 48 }),
        ["experts with gate and up in one, the gate first"] = Mixture(new(5, new(2, ExpertScoring.Softmax)) { Rows = GateUpRows.GateFirst, Biases = true, Inner = 36 }),
        ["experts with gate and up in one, by turns"] = Mixture(new(5, new(3, ExpertScoring.SoftmaxOfChosen)) { Rows = GateUpRows.Alternating, Biases = true }) with { Activation = Activation.ClampedSwiGlu },
        ["experts of their own with gate and up by turns"] = Mixture(new(4, new(2, ExpertScoring.Sigmoid)) { Rows = GateUpRows.Alternating, Stacked = true, Inner = 33 }),
        ["all experts"] = Mixture(new(3, new(3, ExpertScoring.Sigmoid))),
        // Many attributes in one model: each of them, left out, must show.
        ["everything at once"] = new()
        {
            Norm = CheckNorm.RmsOffset,
            HeadNorm = CheckHeadNorm.Own,
            FusedProjections = true,
            Biases = true,
            EmbeddingScale = 2,
            ResidualScale = 0.7f,
            Window = 6,
            AttentionSoftCap = 0.5f,
            Sinks = true,
            RopeOffset = 2,
            RotatingLength = 12,
            LongRope = true,
            HeadBias = true,
            LogitScale = 0.5f,
            LogitSoftCap = 2,
            Activation = Activation.ClampedSwiGlu,
            Experts = new CheckExperts(8, new ExpertRouting(3, ExpertScoring.Sigmoid) { Normalize = true, Scale = 2, Groups = 4, GroupsUsed = 2, GroupScoring = GroupScoring.BestTwo })
            {
                Biases = true,
                SelectionBias = true,
                Shared = true,
            },
        },
        ["layer norms of stream and heads, stretched rope"] = new() { Norm = CheckNorm.LayerBias, HeadNorm = CheckHeadNorm.Layer, PlainFeedForward = true, Activation = Activation.Gelu, RopeStretch = true },
    };

    private static CheckShape Encoder => new()
    {
        Bidirectional = true,
        Headless = true,
        EmbeddingNorm = true,
        SumNorms = true,
        Norm = CheckNorm.LayerBias,
        KeyHeads = 4,
        Biases = true,
        PlainFeedForward = true,
        Activation = Activation.Gelu,
        Seed = 13,
    };

    private static CheckShape Mixture(CheckExperts experts) => new() { Experts = experts, FeedForward = 40, Seed = 11 };
}
