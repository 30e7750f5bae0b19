namespace Tessera.Tokenizer.Hf.PostProcessors;

/// <summary>What is put around a text, or two, when special tokens are added. Immutable.</summary>
/// <param name="Parts">Ids, and <see cref="Text"/> where the text itself goes.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Parts)
{
    /// <summary>Stands for the text, or the first of two, among the ids.</summary>
    public const int Text = -1;

    /// <summary>Stands for the second text.</summary>
    public const int Second = -2;

    /// <summary>The text alone.</summary>
    public static PostProcessor None { get; } = new([Text]);

    /// <summary>What two texts become; by default, each what one text becomes.</summary>
    public IReadOnlyList<PairPart> Pair { get; init; } = [.. Parts.Select(id => new PairPart(id, 0)), .. Parts.Select(id => new PairPart(id == Text ? Second : id, 1))];

    /// <summary>Whether nothing is added.</summary>
    public bool AddsNothing => Parts is [Text];

    /// <summary>The id in front of the text, or null.</summary>
    public int? First => Parts.Count > 1 && Parts[0] != Text ? Parts[0] : null;

    /// <summary>The id behind the text, or null.</summary>
    public int? Last => Parts.Count > 1 && Parts[^1] != Text ? Parts[^1] : null;

    /// <summary>Another around this one. Two that both add something are not known for pairs: the outer one's counts.</summary>
    public PostProcessor In(PostProcessor outer) =>
        new([.. outer.Parts.SelectMany(part => part == Text ? Parts : [part])]) { Pair = outer.AddsNothing ? Pair : outer.Pair };
}

/// <summary>An id, or a text, and the token type that it gets.</summary>
/// <param name="Id">The id, <see cref="PostProcessor.Text"/> or <see cref="PostProcessor.Second"/>.</param>
/// <param name="Type">The token type.</param>
internal readonly record struct PairPart(int Id, int Type);
