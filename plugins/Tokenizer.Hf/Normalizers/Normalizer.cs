namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>A step that rewrites a text before it is cut into words. Immutable.</summary>
internal abstract class Normalizer
{
    public abstract void Apply(TextBuffer text);
}

/// <summary>Several, one after the other.</summary>
internal sealed class NormalizerRow(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override void Apply(TextBuffer text)
    {
        foreach (Normalizer step in steps)
            step.Apply(text);
    }
}
