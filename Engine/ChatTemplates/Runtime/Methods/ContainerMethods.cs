using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>Methods of dicts, lists, tuples, ranges, floats, loop and cycler.</summary>
internal static class ContainerMethods
{
    public static readonly Native[] OfDict =
    [
        new("get", "key, default", (_, self, a) => ((DictValue)self!).TryGet(a.Need(0, "get"), out object? value) ? value : a.Get(1, null)),
        new("keys", "", (_, self, _) => new DictView((DictValue)self!, DictViewKind.Keys)),
        new("values", "", (_, self, _) => new DictView((DictValue)self!, DictViewKind.Values)),
        new("items", "", (_, self, _) => new DictView((DictValue)self!, DictViewKind.Items)),
        new("copy", "", (_, self, _) => self),
    ];

    public static readonly Native[] OfSequence =
    [
        new("index", "value, start, stop", Index),
        new("count", "value", (state, self, a) => Count(state, self, a.Need(0, "count"))),
        new("copy", "", (_, self, _) => self),
    ];

    public static readonly Native[] OfLoop =
    [
        new("cycle", "*", (_, self, a) => ((LoopValue)self!).Cycle(a.Positional)),
        new("changed", "*", (state, self, a) => ((LoopValue)self!).Changed(state, a.Positional)),
    ];

    public static readonly Native[] OfCycler =
    [
        new("next", "", (_, self, _) => ((CyclerValue)self!).Next()),
        new("reset", "", (_, self, _) =>
        {
            ((CyclerValue)self!).Reset();
            return null;
        }),
    ];

    public static readonly Native[] OfFloat =
    [
        new("is_integer", "", (_, self, _) => Math.Floor((double)self!) == (double)self!),
    ];

    private static object? Index(RenderState state, object? self, Arguments arguments)
    {
        ISequenceValue items = (ISequenceValue)self!;
        object? value = arguments.Need(0, "index");
        (long start, long stop) = (arguments.Int(1, 0, "index"), arguments.Int(2, items.Count, "index"));
        start = Math.Max(0, start < 0 ? start + items.Count : start);
        stop = Math.Min(items.Count, stop < 0 ? stop + items.Count : stop);
        for (long i = start; i < stop; i++)
            if (Equality.AreEqual(state.Budget, items[(int)i], value))
                return i;
        return Failure.Throw<object?>("the value is not in the list");
    }

    private static long Count(RenderState state, object? self, object? value)
    {
        long count = 0;
        foreach (object? item in Iteration.Of(state, self))
            count += Equality.AreEqual(state.Budget, item, value) ? 1 : 0;
        return count;
    }
}
