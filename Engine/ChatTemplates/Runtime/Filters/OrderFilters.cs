using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Filters that compare items with each other; without regard to case unless asked.</summary>
internal static class OrderFilters
{
    public static readonly Native[] All =
    [
        new("sort", "reverse, case_sensitive, attribute", Sort),
        new("dictsort", "case_sensitive, by, reverse", DictSort),
        new("unique", "case_sensitive, attribute", (state, v, a) => new GeneratorValue(state, Unique(state, v, a))),
        new("groupby", "attribute, default, case_sensitive", GroupBy),
        new("min", "case_sensitive, attribute", (state, v, a) => Extreme(state, v, a, sign: 1)),
        new("max", "case_sensitive, attribute", (state, v, a) => Extreme(state, v, a, sign: -1)),
    ];

    private static object? Fold(RenderState state, object? key, bool caseSensitive) =>
        key is string text && !caseSensitive ? Casing.Lower(state, text) : key;

    private static ListValue Sort(RenderState state, object? value, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag(1, false, state);
        AttributePath[] paths = Paths(state, arguments.Get(2, null));
        return new ListValue(Sorted(state, Iteration.ToList(state, value), Key, arguments.Flag(0, false, state)));

        object? Key(object? item) => paths.Length == 1
            ? Fold(state, paths[0].Of(item), caseSensitive)
            : new ListValue([.. paths.Select(path => Fold(state, path.Of(item), caseSensitive))]);
    }

    private static AttributePath[] Paths(RenderState state, object? attribute)
    {
        if (attribute is not string text)
            return [new AttributePath(state, attribute)];
        state.Budget.Chars(text.Length);
        state.Budget.Items(text.AsSpan().Count(',') + 1);
        return [.. text.Split(',').Select(one => new AttributePath(state, one))];
    }

    private static object?[] Sorted(RenderState state, List<object?> items, Func<object?, object?> key, bool reverse)
    {
        state.Budget.Items(2L * items.Count);
        (object? Key, object? Item)[] keyed = [.. items.Select(item => (key(item), item))];
        int sign = reverse ? -1 : 1;
        return [.. Sorting.Sort(keyed, (a, b) => sign * Order(state, a.Key, b.Key)).Select(pair => pair.Item)];
    }

    private static int Order(RenderState state, object? left, object? right) => Math.Sign(Equality.Compare(state, left, right));

    private static ListValue DictSort(RenderState state, object? value, Arguments arguments)
    {
        if (value is not DictValue dict)
            return Failure.Throw<ListValue>($"dictsort needs a dict, not '{TypeNames.Of(value)}'");
        bool caseSensitive = arguments.Flag(0, false, state);
        int field = arguments.Text(1, "key", state) switch
        {
            "key" => 0,
            "value" => 1,
            string other => Failure.Throw<int>($"dictsort sorts by 'key' or 'value', not by '{other}'"),
        };
        List<object?> pairs = Iteration.ToList(state, new DictView(dict, DictViewKind.Items));
        return new ListValue(Sorted(state, pairs, pair => Fold(state, ((TupleValue)pair!)[field], caseSensitive), arguments.Flag(2, false, state)));
    }

    private static IEnumerable<object?> Unique(RenderState state, object? value, Arguments arguments)
    {
        bool caseSensitive = arguments.Flag(0, false, state);
        AttributePath path = new(state, arguments.Get(1, null));
        DictValue seen = new(state.Keys);
        foreach (object? item in Iteration.Of(state, value))
        {
            object? key = Fold(state, path.Of(item), caseSensitive);
            if (seen.TryGet(key, out _))
                continue;
            Iteration.Reserve(state, seen.Count);
            seen.Set(key, null);
            yield return item;
        }
    }

    private static ListValue GroupBy(RenderState state, object? value, Arguments arguments)
    {
        AttributePath path = new(state, arguments.Need(0, "groupby"));
        object? fallback = arguments.Get(1, null);
        bool caseSensitive = arguments.Flag(2, false, state);
        List<object?> groups = [];
        List<object?> members = [];
        object? key = null;
        foreach (object? item in Sorted(state, Iteration.ToList(state, value), Key, reverse: false))
        {
            object? next = Key(item);
            if (members.Count > 0 && !Equality.AreEqual(state.Budget, key, next))
                Close();
            key = next;
            Iteration.Reserve(state, members.Count);
            members.Add(item);
        }

        if (members.Count > 0)
            Close();
        return new ListValue(groups);

        object? Key(object? item) => Fold(state, path.Of(item, fallback), caseSensitive);

        void Close()
        {
            state.Budget.Items(2);
            // Groups are shown by the first item's own spelling of the key.
            groups.Add(new TupleValue([path.Of(members[0], fallback), new ListValue(members)], ["grouper", "list"]));
            members = [];
        }
    }

    private static object? Extreme(RenderState state, object? value, Arguments arguments, int sign)
    {
        bool caseSensitive = arguments.Flag(0, false, state);
        AttributePath path = new(state, arguments.Get(1, null));
        object? best = UndefinedValue.Because("No aggregated item, sequence was empty.");
        object? bestKey = null;
        bool any = false;
        foreach (object? item in Iteration.Of(state, value))
        {
            object? key = Fold(state, path.Of(item), caseSensitive);
            if (any && sign * Order(state, key, bestKey) >= 0)
                continue;
            (best, bestKey, any) = (item, key, true);
        }

        return best;
    }
}
