using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's names of the types, for messages.</summary>
internal static class TypeNames
{
    public static string Of(object? value) => value switch
    {
        null => "NoneType",
        string => "str",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        ListValue => "list",
        TupleValue => "tuple",
        DictValue => "dict",
        RangeValue => "range",
        UndefinedValue => "Undefined",
        NamespaceValue => "Namespace",
        GeneratorValue => "generator",
        DictView view => view.Kind switch { DictViewKind.Keys => "dict_keys", DictViewKind.Values => "dict_values", _ => "dict_items" },
        MacroValue => "Macro",
        LoopValue => "LoopContext",
        SelfValue => "TemplateReference",
        SliceValue => "slice",
        CallableValue => "function",
        _ => "object",
    };

    /// <summary>As "'dict object' has no attribute …" begins.</summary>
    public static string Object(object? value) => value is null ? "None" : $"{Of(value)} object";
}
