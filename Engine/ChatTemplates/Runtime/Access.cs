using System.Numerics;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Jinja's x.name and x[index]: each looks in both, attributes and items, in its own order.</summary>
internal static class Access
{
    public static object? Attribute(RenderState state, object? target, string name)
    {
        if (target is UndefinedValue undefined)
            Failure.Throw(undefined.Reason);
        if (TryAttribute(state, target, name, out object? value))
            return value;
        if (target is DictValue dict && dict.TryGet(name, out value))
            return value;
        return Missing(target, name);
    }

    public static object? Item(RenderState state, object? target, object? index)
    {
        if (target is UndefinedValue undefined)
            Failure.Throw(undefined.Reason);
        switch (target)
        {
            case DictValue dict when index is not (ListValue or DictValue or SliceValue):
                if (dict.TryGet(index, out object? value))
                    return value;
                break;
            case string or ISequenceValue when index is SliceValue slice:
                return Slices.Take(state, target, slice);
            case var _ when index is SliceValue:
                return UndefinedValue.Because($"'{TypeNames.Of(target)}' object cannot be sliced");
            case string or ISequenceValue when Numbers.IsInteger(index):
                return Numbered(state, target, Numbers.ToBig(index!));
        }

        if (index is string name && TryAttribute(state, target, name, out object? attribute))
            return attribute;
        return index is string key ? Missing(target, key) : UndefinedValue.Because($"{TypeNames.Object(target)} has no element {TextForm.Repr(state, index)}");
    }

    /// <summary>Only what Python calls attributes: methods, and the fields of the engine's own objects.</summary>
    public static bool TryAttribute(RenderState state, object? target, string name, out object? value)
    {
        state.Budget.Scan(name.Length);
        if (MethodTable.Find(target, name) is Native method)
        {
            value = new NativeValue(method, target);
            return true;
        }

        if (MethodTable.Refusal(target, name) is string refusal)
        {
            value = UndefinedValue.Refused(refusal);
            return true;
        }

        switch (target)
        {
            case NamespaceValue space:
                return space.Attributes.TryGetValue(name, out value);
            case LoopValue loop:
                return loop.TryAttribute(state, name, out value);
            case MacroValue macro:
                return macro.TryAttribute(name, out value);
            case SelfValue self:
                return self.TryBlock(name, out value);
            case CyclerValue cycler when name == "current":
                value = cycler.Current;
                return true;
            case TupleValue { Fields: string[] fields } tuple when Array.IndexOf(fields, name) is int field and >= 0:
                value = tuple[field];
                return true;
            default:
                value = null;
                return false;
        }
    }

    private static UndefinedValue Missing(object? target, string name) => new(name, TypeNames.Object(target));

    private static object? Numbered(RenderState state, object target, BigInteger index)
    {
        long count = Iteration.Length(state, target);
        if (index < 0)
            index += count;
        if (index < 0 || index >= count)
            return UndefinedValue.Because($"{TypeNames.Object(target)} has no element {index}");
        if (target is not string text)
            return ((ISequenceValue)target)[(int)index];
        state.Budget.Scan(text.Length);
        return CodePoints.At(text, (int)index);
    }
}
