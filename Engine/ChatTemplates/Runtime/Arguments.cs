using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Text;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>The arguments of a call; once bound to parameters, found by the parameter's number.</summary>
internal sealed class Arguments(object?[] positional, (string Name, object? Value)[] keywords)
{
    public static readonly Arguments None = new([], []);

    // Stands for an argument that was not given, which None (null) is not.
    private static readonly object Missing = new();

    public object?[] Positional => positional;

    public (string Name, object? Value)[] Keywords => keywords;

    public Arguments Bind(string function, string[] parameters)
    {
        if (positional.Length > parameters.Length)
            Failure.Throw($"{function}() takes at most {parameters.Length} arguments, {positional.Length} were given");
        object?[] values = new object?[parameters.Length];
        Array.Fill(values, Missing);
        positional.CopyTo(values, 0);
        foreach ((string name, object? value) in keywords)
        {
            int index = Array.IndexOf(parameters, name);
            if (index < 0)
                Failure.Throw($"{function}() has no argument '{name}'");
            if (!ReferenceEquals(values[index], Missing))
                Failure.Throw($"{function}() got the argument '{name}' twice");
            values[index] = value;
        }

        return new Arguments(values, []);
    }

    public bool Has(int index) => index < positional.Length && !ReferenceEquals(positional[index], Missing);

    public object? Get(int index, object? fallback) => Has(index) ? positional[index] : fallback;

    public object? Need(int index, string function) =>
        Has(index) ? positional[index] : Failure.Throw<object?>($"{function}() misses its argument {index + 1}");

    public bool Flag(int index, bool fallback, RenderState state) => Has(index) ? Operators.IsTrue(state, positional[index]) : fallback;

    public string Text(int index, string fallback, RenderState state) => Has(index) ? TextForm.Of(state, positional[index]) : fallback;

    /// <summary>A string that Python would not convert from another type.</summary>
    public string String(int index, string function) =>
        Need(index, function) as string ?? Failure.Throw<string>($"{function}() needs a string, not '{TypeNames.Of(positional[index])}'");

    /// <summary>An integer; one beyond 64 bits comes back as the nearest that fits, which is far beyond every limit.</summary>
    public long Int(int index, long fallback, string function)
    {
        if (!Has(index))
            return fallback;
        return positional[index] switch
        {
            long value => value,
            bool value => value ? 1 : 0,
            BigInteger value => value.Sign > 0 ? long.MaxValue : long.MinValue,
            var value => Failure.Throw<long>($"{function}() needs an integer, not '{TypeNames.Of(value)}'"),
        };
    }
}
