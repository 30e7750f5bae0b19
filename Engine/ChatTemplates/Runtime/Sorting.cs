namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>A stable merge sort, whose comparison may throw or contradict itself: both come out as they are.</summary>
internal static class Sorting
{
    public static T[] Sort<T>(T[] items, Comparison<T> compare)
    {
        T[] from = items;
        T[] to = new T[items.Length];
        for (int width = 1; width < items.Length; width *= 2)
        {
            for (int start = 0; start < items.Length; start += 2 * width)
                Merge(from, to, start, Math.Min(start + width, items.Length), Math.Min(start + (2 * width), items.Length), compare);
            (from, to) = (to, from);
        }

        return from;
    }

    private static void Merge<T>(T[] from, T[] to, int left, int right, int end, Comparison<T> compare)
    {
        int middle = right;
        for (int i = left, at = left; at < end; at++)
        {
            bool takeLeft = i < middle && (right >= end || compare(from[i], from[right]) <= 0);
            to[at] = takeLeft ? from[i++] : from[right++];
        }
    }
}
