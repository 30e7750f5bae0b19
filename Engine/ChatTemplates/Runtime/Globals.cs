using System.Collections.Frozen;
using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>The functions that every template sees.</summary>
internal static class Globals
{
    // The sandbox of Jinja has the same bound.
    private const int MaxRange = 100_000;

    private static readonly FrozenDictionary<string, NativeValue> Functions = new[]
    {
        new Native("range", "start, stop, step", Range),
        new Native("dict", "*", Dict),
        new Native("namespace", "*", Namespace),
        new Native("cycler", "*", Cycler),
        new Native("joiner", "sep", (state, _, a) => new JoinerValue(a.Text(0, ", ", state))),
        new Native("lipsum", "*", (_, _, _) => Failure.Throw<object?>("lipsum() writes random text, which is no part of a prompt: it is not supported")),
        new Native("raise_exception", "message", RaiseException),
        new Native("strftime_now", "format", (state, _, a) => Strftime.Format(state, a.String(0, "strftime_now"))),
    }.ToFrozenDictionary(f => f.Name, f => new NativeValue(f, null));

    public static bool TryGet(string name, out object? value)
    {
        bool found = Functions.TryGetValue(name, out NativeValue? function);
        value = function;
        return found;
    }

    /// <summary>dict(mapping or pairs, **more), which namespace() takes too.</summary>
    public static DictValue ToDict(RenderState state, Arguments arguments, string function)
    {
        if (arguments.Positional.Length > 1)
            Failure.Throw($"{function}() takes at most 1 positional argument");
        DictValue dict = new(state.Keys);
        if (arguments.Positional.Length == 1)
        {
            object? source = arguments.Positional[0];
            IEnumerable<object?> pairs = source is DictValue other ? new DictView(other, DictViewKind.Items).Items : Iteration.Of(state, source);
            foreach (object? pair in pairs)
            {
                Iteration.Reserve(state, dict.Count);
                List<object?> both = Iteration.ToList(state, pair);
                if (both.Count != 2)
                    Failure.Throw($"{function}() needs pairs, found {both.Count} items");
                dict.Set(both[0], both[1]);
            }
        }

        foreach ((string name, object? value) in arguments.Keywords)
            dict.Set(name, value);
        return dict;
    }

    private static DictValue Dict(RenderState state, object? self, Arguments arguments) => ToDict(state, arguments, "dict");

    private static NamespaceValue Namespace(RenderState state, object? self, Arguments arguments)
    {
        NamespaceValue space = new();
        foreach ((object? key, object? value) in ToDict(state, arguments, "namespace").Items)
            if (key is string name)
                space.Attributes[name] = value;
        return space;
    }

    private static CyclerValue Cycler(RenderState state, object? self, Arguments arguments) =>
        arguments.Positional.Length == 0 || arguments.Keywords.Length > 0
            ? Failure.Throw<CyclerValue>("cycler() needs at least one item, and no keywords")
            : new CyclerValue(arguments.Positional);

    private static object RaiseException(RenderState state, object? self, Arguments arguments) =>
        throw new ChatTemplateException(ChatTemplateErrorKind.Raised, arguments.Text(0, "", state), state.Line);

    private static RangeValue Range(RenderState state, object? self, Arguments arguments)
    {
        bool single = !arguments.Has(1);
        BigInteger start = single ? 0 : Bound(arguments, 0);
        BigInteger stop = Bound(arguments, single ? 0 : 1);
        BigInteger step = arguments.Has(2) ? Bound(arguments, 2) : 1;
        if (step.IsZero)
            Failure.Throw("range() step must not be zero");
        BigInteger count = step.Sign > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        if (count > MaxRange)
            Failure.Limit($"a range of {count} items is larger than {MaxRange}");
        if (BigInteger.Max(BigInteger.Abs(start), BigInteger.Max(BigInteger.Abs(stop), BigInteger.Abs(step))) > long.MaxValue / 2)
            Failure.Limit("range() goes beyond 64 bits");
        return new RangeValue((long)start, (long)stop, (long)step, count.Sign <= 0 ? 0 : (int)count);
    }

    private static BigInteger Bound(Arguments arguments, int index)
    {
        object? value = arguments.Need(index, "range");
        return Numbers.IsInteger(value) ? Numbers.ToBig(value!) : Failure.Throw<BigInteger>($"range() needs integers, not '{TypeNames.Of(value)}'");
    }
}
