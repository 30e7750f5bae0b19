using System.Numerics;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Python's x[start:stop:step].</summary>
internal static class Slices
{
    public static object? Take(RenderState state, object target, SliceValue slice)
    {
        long length = Iteration.Length(state, target);
        long step = Clamp(slice.Step, 1);
        if (step == 0)
            Failure.Throw("slice step cannot be zero");
        long start = Bound(slice.Start, step > 0 ? 0 : length - 1, length, step);
        long stop = Bound(slice.Stop, step > 0 ? length : -1, length, step);
        long count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
        count = (step > 0 ? start < stop : start > stop) ? count : 0;
        if (target is RangeValue range)
            return new RangeValue(range.Start + (start * range.Step), range.Start + (stop * range.Step), range.Step * step, (int)count);
        if (target is string text)
            return OfText(state, text, start, step, (int)count);

        ISequenceValue sequence = (ISequenceValue)target;
        state.Budget.Items(count);
        object?[] items = new object?[count];
        for (int i = 0; i < items.Length; i++)
            items[i] = sequence[(int)(start + (i * step))];
        return target is TupleValue ? new TupleValue(items) : new ListValue(items);
    }

    private static string OfText(RenderState state, string text, long start, long step, int count)
    {
        state.Budget.Scan(text.Length);
        if (count == 0)
            return "";
        if (step == 1)
        {
            int first = CodePoints.UnitOf(text, (int)start);
            int last = CodePoints.UnitOf(text, (int)start + count);
            state.Budget.Chars(last - first);
            return text[first..last];
        }

        state.Budget.Steps(text.Length / 4);
        state.Budget.Chars(2L * count);
        List<int> units = [];
        for (int unit = 0; unit < text.Length; unit += CodePoints.SizeAt(text, unit))
            units.Add(unit);
        StringBuilder result = new(count);
        for (int i = 0; i < count; i++)
        {
            int unit = units[(int)(start + (i * step))];
            result.Append(text, unit, CodePoints.SizeAt(text, unit));
        }

        return result.ToString();
    }

    private static long Bound(object? bound, long fallback, long length, long step)
    {
        if (bound is null)
            return fallback;
        long value = Clamp(bound, 0);
        if (value < 0)
            value = Math.Max(value + length, step > 0 ? 0 : -1);
        return Math.Min(value, step > 0 ? length : length - 1);
    }

    private static long Clamp(object? value, long fallback) => value switch
    {
        null => fallback,
        long or bool or BigInteger => (long)BigInteger.Max(int.MinValue, BigInteger.Min(int.MaxValue, Numbers.ToBig(value))),
        _ => Failure.Throw<long>($"slice indices must be integers or None, not '{TypeNames.Of(value)}'"),
    };
}
