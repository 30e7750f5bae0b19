using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's iter(), len() and list().</summary>
internal static class Iteration
{
    public static bool IsIterable(object? value) =>
        value is string or ISequenceValue or DictValue or DictView or GeneratorValue or UndefinedValue;

    public static IEnumerable<object?> Of(RenderState state, object? value) => value switch
    {
        string text => Count(state, CodePoints.Each(text)),
        ISequenceValue sequence => Count(state, Each(sequence)),
        DictValue dict => Count(state, dict.Keys),
        DictView view => Count(state, view.Items),
        GeneratorValue generator => Count(state, Rest(generator)),
        UndefinedValue => [],
        _ => Failure.Throw<IEnumerable<object?>>($"'{TypeNames.Of(value)}' object is not iterable"),
    };

    public static int? TryLength(object? value) => value switch
    {
        string text => CodePoints.Length(text),
        ISequenceValue sequence => sequence.Count,
        DictValue dict => dict.Count,
        DictView view => view.Dict.Count,
        UndefinedValue => 0,
        _ => null,
    };

    public static long Length(RenderState state, object? value)
    {
        if (value is string text)
            state.Budget.Scan(text.Length);
        return TryLength(value) ?? Failure.Throw<int>($"object of type '{TypeNames.Of(value)}' has no len()");
    }

    public static List<object?> ToList(RenderState state, object? value)
    {
        state.Budget.Items(0);
        List<object?> items = [];
        foreach (object? item in Of(state, value))
        {
            Reserve(state, items.Count);
            items.Add(item);
        }

        return items;
    }

    /// <summary>Pays for a growing list, eight items at a time.</summary>
    public static void Reserve(RenderState state, int count)
    {
        if (count % 8 == 0)
            state.Budget.Items(8);
    }

    private static IEnumerable<object?> Count(RenderState state, IEnumerable<object?> items)
    {
        foreach (object? item in items)
        {
            state.Budget.Step();
            yield return item;
        }
    }

    private static IEnumerable<object?> Each(ISequenceValue sequence)
    {
        for (int i = 0; i < sequence.Count; i++)
            yield return sequence[i];
    }

    private static IEnumerable<object?> Rest(GeneratorValue generator)
    {
        while (generator.TryNext(out object? item))
            yield return item;
    }
}
