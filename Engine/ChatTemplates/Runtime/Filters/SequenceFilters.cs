using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Filters on whole sequences.</summary>
internal static class SequenceFilters
{
    public static readonly Native[] All =
    [
        new("length", "", (state, v, _) => Iteration.Length(state, v)),
        new("count", "", (state, v, _) => Iteration.Length(state, v)),
        new("list", "", (state, v, _) => new ListValue(Iteration.ToList(state, v))),
        new("first", "", First),
        new("last", "", Last),
        new("random", "", Random),
        new("items", "", (state, v, _) => new GeneratorValue(state, Items(v))),
        new("join", "d, attribute", Join),
        new("reverse", "", Reverse),
        new("sum", "attribute, start", Sum),
        new("batch", "linecount, fill_with", (state, v, a) => new GeneratorValue(state, Batch(state, v, a.Int(Needed(a, "batch"), 0, "batch"), a.Get(1, null)))),
        new("slice", "slices, fill_with", (state, v, a) => new GeneratorValue(state, Slice(state, v, a.Int(Needed(a, "slice"), 0, "slice"), a.Get(1, null)))),
    ];

    private static int Needed(Arguments arguments, string function)
    {
        arguments.Need(0, function);
        return 0;
    }

    private static object? First(RenderState state, object? value, Arguments arguments)
    {
        foreach (object? item in Iteration.Of(state, value))
            return item;
        return UndefinedValue.Because("No first item, sequence was empty.");
    }

    private static object? Last(RenderState state, object? value, Arguments arguments)
    {
        if (value is UndefinedValue or string { Length: 0 } or ISequenceValue { Count: 0 } or DictValue { Count: 0 } or DictView { Dict.Count: 0 })
            return UndefinedValue.Because("No last item, sequence was empty.");
        return value switch
        {
            string or ISequenceValue => Access.Item(state, value, -1L),
            DictValue or DictView => Iteration.ToList(state, value)[^1],
            _ => Failure.Throw<object?>($"'{TypeNames.Of(value)}' object is not reversible"),
        };
    }

    private static object? Random(RenderState state, object? value, Arguments arguments)
    {
        if (value is not (string or ISequenceValue or UndefinedValue))
            return Failure.Throw<object?>($"'{TypeNames.Of(value)}' object has no random element");
        long count = Iteration.Length(state, value);
        return count == 0 ? UndefinedValue.Because("No random item, sequence was empty.") : Access.Item(state, value, state.Random.NextInt64(count));
    }

    private static IEnumerable<object?> Items(object? value) => value switch
    {
        UndefinedValue => [],
        DictValue dict => new DictView(dict, DictViewKind.Items).Items,
        _ => Failure.Throw<IEnumerable<object?>>("Can only get item pairs from a mapping."),
    };

    private static string Join(RenderState state, object? value, Arguments arguments)
    {
        string separator = arguments.Text(0, "", state);
        AttributePath path = new(state, arguments.Get(1, null));
        StringBuilder result = new();
        bool first = true;
        foreach (object? item in Iteration.Of(state, value))
        {
            if (!first)
                StringMethods.Append(state, result, separator);
            StringMethods.Append(state, result, TextForm.Of(state, path.Of(item)));
            first = false;
        }

        return result.ToString();
    }

    private static object? Reverse(RenderState state, object? value, Arguments arguments)
    {
        if (value is string text)
            return Slices.Take(state, text, new SliceValue(null, null, -1L));
        List<object?> items = Iteration.ToList(state, value);
        items.Reverse();
        return new GeneratorValue(state, items);
    }

    private static object? Sum(RenderState state, object? value, Arguments arguments)
    {
        AttributePath path = new(state, arguments.Get(0, null));
        object? sum = arguments.Get(1, 0L);
        if (sum is string)
            Failure.Throw("sum() can't sum strings [use join instead]");
        foreach (object? item in Iteration.Of(state, value))
            sum = Operators.Apply(state, BinaryOperator.Add, sum, path.Of(item));
        return sum;
    }

    private static IEnumerable<object?> Batch(RenderState state, object? value, long size, object? fill)
    {
        List<object?> batch = [];
        foreach (object? item in Iteration.Of(state, value))
        {
            if (batch.Count == size)
            {
                yield return new ListValue(batch);
                batch = [];
            }

            Iteration.Reserve(state, batch.Count);
            batch.Add(item);
        }

        if (batch.Count == 0)
            yield break;
        if (fill is not null && batch.Count < size)
        {
            state.Budget.Items(size);
            batch.AddRange(Enumerable.Repeat(fill, (int)size - batch.Count));
        }

        yield return new ListValue(batch);
    }

    private static IEnumerable<object?> Slice(RenderState state, object? value, long slices, object? fill)
    {
        List<object?> items = Iteration.ToList(state, value);
        if (slices == 0)
            Failure.Throw("integer division or modulo by zero");
        if (slices < 0)
            yield break;
        (long size, long larger) = (items.Count / slices, items.Count % slices);
        int at = 0;
        for (long i = 0; i < slices; i++)
        {
            int count = (int)(size + (i < larger ? 1 : 0));
            state.Budget.Items(count + 1);
            state.Budget.Step();
            List<object?> slice = items.GetRange(at, count);
            at += count;
            if (fill is not null && i >= larger)
                slice.Add(fill);
            yield return new ListValue(slice);
        }
    }
}
