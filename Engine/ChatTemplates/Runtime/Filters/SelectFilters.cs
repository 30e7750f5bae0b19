using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>map, select, reject and their attribute forms: generators, as in Python.</summary>
internal static class SelectFilters
{
    public static readonly Native[] All =
    [
        new("map", "*", (state, v, a) => new GeneratorValue(state, Map(state, v, a))),
        new("select", "*", (state, v, a) => new GeneratorValue(state, Select(state, v, a, keep: true, byAttribute: false))),
        new("reject", "*", (state, v, a) => new GeneratorValue(state, Select(state, v, a, keep: false, byAttribute: false))),
        new("selectattr", "*", (state, v, a) => new GeneratorValue(state, Select(state, v, a, keep: true, byAttribute: true))),
        new("rejectattr", "*", (state, v, a) => new GeneratorValue(state, Select(state, v, a, keep: false, byAttribute: true))),
    ];

    private static IEnumerable<object?> Map(RenderState state, object? value, Arguments arguments)
    {
        Func<object?, object?> change = arguments.Positional.Length == 0 ? ByAttribute(state, arguments) : ByFilter(state, arguments);
        return Run();

        IEnumerable<object?> Run()
        {
            if (!Operators.IsTrue(state, value))
                yield break;
            foreach (object? item in Iteration.Of(state, value))
                yield return change(item);
        }
    }

    private static Func<object?, object?> ByAttribute(RenderState state, Arguments arguments)
    {
        Arguments bound = new Arguments([], arguments.Keywords).Bind("map", ["attribute", "default"]);
        AttributePath path = new(state, bound.Need(0, "map"));
        object? fallback = bound.Get(1, null);
        return item => path.Of(item, fallback);
    }

    private static Func<object?, object?> ByFilter(RenderState state, Arguments arguments)
    {
        string name = arguments.String(0, "map");
        Arguments rest = new(arguments.Positional[1..], arguments.Keywords);
        return item => FilterTable.Apply(state, name, item, rest);
    }

    private static IEnumerable<object?> Select(RenderState state, object? value, Arguments arguments, bool keep, bool byAttribute)
    {
        int first = byAttribute ? 1 : 0;
        if (arguments.Positional.Length < first)
            Failure.Throw("selectattr and rejectattr need the name of an attribute");
        AttributePath path = new(state, byAttribute ? arguments.Positional[0] : null);
        string? test = arguments.Positional.Length > first ? TextForm.Of(state, arguments.Positional[first]) : null;
        Arguments rest = new(test is null ? [] : arguments.Positional[(first + 1)..], arguments.Keywords);
        return Run();

        IEnumerable<object?> Run()
        {
            if (!Operators.IsTrue(state, value))
                yield break;
            foreach (object? item in Iteration.Of(state, value))
                if (Passes(item) == keep)
                    yield return item;
        }

        bool Passes(object? item)
        {
            object? found = path.Of(item);
            return test is null ? Operators.IsTrue(state, found) : Tests.Apply(state, test, found, rest);
        }
    }
}
