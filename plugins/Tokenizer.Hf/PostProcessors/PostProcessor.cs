namespace Tessera.Tokenizer.Hf.PostProcessors;

/// <summary>What is put around a text when special tokens are added. Immutable.</summary>
/// <param name="Parts">Ids, and <see cref="Text"/> where the text itself goes.</param>
internal sealed record PostProcessor(IReadOnlyList<int> Parts)
{
    /// <summary>Stands for the text among the ids.</summary>
    public const int Text = -1;

    /// <summary>The text alone.</summary>
    public static PostProcessor None { get; } = new([Text]);

    /// <summary>Whether nothing is added.</summary>
    public bool AddsNothing => Parts is [Text];

    /// <summary>The id in front of the text, or null.</summary>
    public int? First => Parts.Count > 1 && Parts[0] != Text ? Parts[0] : null;

    /// <summary>The id behind the text, or null.</summary>
    public int? Last => Parts.Count > 1 && Parts[^1] != Text ? Parts[^1] : null;

    /// <summary>Another around this one.</summary>
    public PostProcessor In(PostProcessor outer) => new([.. outer.Parts.SelectMany(part => part == Text ? Parts : [part])]);
}
