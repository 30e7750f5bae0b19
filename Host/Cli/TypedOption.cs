using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Tessera.Host.Cli;

/// <summary>Options whose value is more than text; a wrong one is an error that says what is expected.</summary>
internal static class TypedOption
{
    /// <summary>A number; null where it is not given.</summary>
    /// <param name="names">The option's name, then others.</param>
    /// <param name="description">What it means.</param>
    /// <param name="least">The least that it may be.</param>
    /// <param name="most">The most.</param>
    public static Option<T?> Number<T>(string[] names, string description, T? least = null, T? most = null)
        where T : struct, INumber<T> =>
        new(names[0], names[1..]) { Description = description, HelpName = "N", CustomParser = result => Parse(result, names[0], least, most) };

    /// <summary>One of an enumeration's values, in lower case; its default where none is given.</summary>
    public static Option<T> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        string[] choices = Array.ConvertAll(Enum.GetNames<T>(), n => n.ToLowerInvariant());
        return new(name)
        {
            Description = description,
            HelpName = string.Join('|', choices),
            CustomParser = result =>
            {
                int found = Array.IndexOf(choices, result.Tokens[0].Value.ToLowerInvariant());
                if (found >= 0)
                    return Enum.GetValues<T>()[found];
                result.AddError($"{name}: expected {string.Join(" or ", choices)}, found '{result.Tokens[0].Value}'");
                return default;
            },
        };
    }

    private static T? Parse<T>(ArgumentResult result, string name, T? least, T? most)
        where T : struct, INumber<T>
    {
        string text = result.Tokens[0].Value;
        bool isWhole = T.IsInteger(T.One / (T.One + T.One));
        if (T.TryParse(text, isWhole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out T value) && T.IsFinite(value) && !(value < least) && !(value > most))
            return value;
        string kind = isWhole ? "a whole number" : "a number", range = (least, most) switch
        {
            ({ } from, { } to) => $" from {from} to {to}",
            ({ } from, null) => $" of at least {from}",
            _ => "",
        };
        result.AddError($"{name}: expected {kind}{range}, found '{text}'");
        return null;
    }
}
