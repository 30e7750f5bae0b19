namespace Tessera.Format.Gguf.Writing;

/// <summary>Orders of rows where a file wants them otherwise than the model has them.</summary>
internal static class RowOrders
{
    /// <summary>
    /// The rows of query or key heads, with the elements that rotate together side by side or half of them apart.
    /// Of head elements 0 … d − 1 that rotate as (i, i + d/2), the neighbours 2i and 2i + 1 are made, or the other way round.
    /// </summary>
    /// <param name="heads">Heads.</param>
    /// <param name="head">Elements of a head.</param>
    /// <param name="rotating">How many of them rotate: the first ones.</param>
    /// <param name="target">How the file pairs them.</param>
    public static int[] Heads(int heads, int head, int rotating, RopePairing target)
    {
        int[] order = new int[heads * head];
        for (int i = 0; i < order.Length; i++)
        {
            int at = i % head, half = rotating / 2;
            int from = at >= rotating ? at
                : target == RopePairing.Interleaved ? at / 2 + at % 2 * half
                : at < half ? 2 * at : 2 * (at - half) + 1;
            order[i] = i - at + from;
        }
        return order;
    }

    /// <summary>Every second row, from the first or the second.</summary>
    public static int[] EverySecond(int count, int first) => [.. Enumerable.Range(0, count).Select(i => 2 * i + first)];
}
