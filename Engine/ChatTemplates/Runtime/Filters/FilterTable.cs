using System.Collections.Frozen;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>All filters by name; an unknown one fails only when it is reached.</summary>
internal static class FilterTable
{
    private static readonly FrozenDictionary<string, Native> Table =
        new[] { TextFilters.All, MarkupFilters.All, ValueFilters.All, SequenceFilters.All, SelectFilters.All, OrderFilters.All }
            .SelectMany(filters => filters)
            .ToFrozenDictionary(f => f.Name);

    public static bool Has(string name) => Table.ContainsKey(name);

    public static object? Apply(RenderState state, string name, object? value, Arguments arguments)
    {
        if (!Table.TryGetValue(name, out Native? filter))
            Failure.Throw($"No filter named '{name}' found.");
        return filter!.Invoke(state, value, arguments);
    }
}
