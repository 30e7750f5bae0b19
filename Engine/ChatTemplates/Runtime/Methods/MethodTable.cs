using System.Collections.Frozen;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Methods;

/// <summary>The methods of Python's types, and those that the sandbox refuses.</summary>
internal static class MethodTable
{
    private static readonly FrozenDictionary<string, Native> OfString =
        Table([.. StringMethods.All, .. StringSearchMethods.All, .. StringSplitMethods.All, .. StringPaddingMethods.All, .. StringClassMethods.All]);

    private static readonly FrozenDictionary<string, Native> OfDict = Table(ContainerMethods.OfDict);
    private static readonly FrozenDictionary<string, Native> OfSequence = Table(ContainerMethods.OfSequence);
    private static readonly FrozenDictionary<string, Native> OfLoop = Table(ContainerMethods.OfLoop);
    private static readonly FrozenDictionary<string, Native> OfCycler = Table(ContainerMethods.OfCycler);
    private static readonly FrozenDictionary<string, Native> OfFloat = Table(ContainerMethods.OfFloat);
    private static readonly FrozenSet<string> ListChanges = FrozenSet.Create("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
    private static readonly FrozenSet<string> DictChanges = FrozenSet.Create("clear", "pop", "popitem", "setdefault", "update");
    private static readonly FrozenSet<string> UnsupportedOnString = FrozenSet.Create("encode", "maketrans", "translate");

    public static Native? Find(object? target, string name)
    {
        FrozenDictionary<string, Native>? table = target switch
        {
            string => OfString,
            DictValue => OfDict,
            ListValue or TupleValue or RangeValue => OfSequence,
            LoopValue => OfLoop,
            CyclerValue => OfCycler,
            double => OfFloat,
            _ => null,
        };
        return table?.GetValueOrDefault(name);
    }

    /// <summary>Why a method that Python has cannot be called here; null for a name that Python has not.</summary>
    public static string? Refusal(object? target, string name) => target switch
    {
        ListValue when ListChanges.Contains(name) => $"access to attribute '{name}' of 'list' object is unsafe: a chat template cannot change lists",
        DictValue when DictChanges.Contains(name) => $"access to attribute '{name}' of 'dict' object is unsafe: a chat template cannot change dicts",
        string when UnsupportedOnString.Contains(name) => $"the method '{name}' of 'str' is not supported",
        _ when name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) && target is not (DictValue or NamespaceValue) =>
            $"access to attribute '{name}' of '{TypeNames.Of(target)}' object is unsafe",
        _ => null,
    };

    private static FrozenDictionary<string, Native> Table(Native[] methods) => methods.ToFrozenDictionary(m => m.Name);
}
