using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>Decoders' classes without an output matrix: the bare model, and the one whose last token's state is classified by <c>score</c>.</summary>
internal static class HeadlessDecoders
{
    private const string Bare = "Model", Classifier = "ForSequenceClassification", Causal = "ForCausalLM";

    /// <summary>The model, by the family that has the same decoder with an output matrix; null where there is none.</summary>
    public static FamilyModel? TryRead(string name, FamilyInput input, IReadOnlyList<IFamily> families)
    {
        bool isClassifier = name.EndsWith(Classifier, StringComparison.Ordinal);
        if (!isClassifier && !name.EndsWith(Bare, StringComparison.Ordinal))
            return null;
        string causal = name[..^(isClassifier ? Classifier : Bare).Length] + Causal;
        if (families.FirstOrDefault(f => f.Classes.Contains(causal)) is not { } family)
            return null;
        if (!isClassifier)
            return family.Read(input with { IsHeadless = true });
        PoolingMetadata pooling = EncoderConfig.Classifier(input) with { Kind = PoolingKind.Last, ClassifierActivation = null };
        FamilyModel model = family.Read(input with { IsHeadless = true, Pooling = pooling });
        return model with
        {
            Map = map =>
            {
                model.Map(map);
                map.AddFull("score.weight", "cls.output.weight");
            },
        };
    }
}
