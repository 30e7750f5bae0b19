using System.Text;
using Tessera.Tokenizer.Hf.Files;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>Reads what the Metaspace pre-tokenizer and the decoder of that name share, in its new form and in the old one with <c>add_prefix_space</c>.</summary>
internal static class MetaspaceReader
{
    public static Metaspace Read(JsonPart part) => new(Mark(part).Value, Scheme(part), part.Flag("split", true));

    public static Rune Mark(JsonPart part) => part.Find("replacement")?.Character() ?? new Rune('▁');

    public static PrependScheme Scheme(JsonPart part)
    {
        bool? old = part.Find("add_prefix_space")?.Flag();
        if (part.Find("prepend_scheme") is not { } given)
            return old == false ? PrependScheme.Never : PrependScheme.Always;
        PrependScheme scheme = given.Text() switch
        {
            "first" => PrependScheme.First,
            "always" => PrependScheme.Always,
            "never" => PrependScheme.Never,
            string name => throw given.Unknown("prepend scheme", name),
        };
        return old == false && scheme == PrependScheme.First
            ? throw new ModelFormatException($"{given.Where}: 'first', but add_prefix_space is false")
            : old == false ? PrependScheme.Never : scheme;
    }
}
