namespace Tessera.Tokenizer.Hf.Files;

/// <summary>Counts the parts of a pipeline: each costs a pass over every text, so a file may not have any number of them.</summary>
internal sealed class PartLimit
{
    private const int Most = 256;
    private int _count;

    /// <summary>Counts a part.</summary>
    /// <exception cref="UnsupportedModelException">It is one too many.</exception>
    public void Count(JsonPart part)
    {
        if (++_count > Most)
            throw new UnsupportedModelException($"{part.Where}: more than {Most} parts of a pipeline are not supported");
    }
}
