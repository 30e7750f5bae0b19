namespace Tessera.Engine.Sampling;

/// <summary>Random numbers by counter: a number depends on seed and index only, so no state is kept or rolled back. The mixer is SplitMix64's (doi 10.1145/2660193.2660195).</summary>
internal static class CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>A uniform number from [0, 1) with 53 bits.</summary>
    public static double Uniform(ulong seed, long index)
        => (Mix(Mix(seed + Golden) ^ Mix((ulong)index * Golden + 1)) >> 11) * (1.0 / (1UL << 53));

    /// <summary>The seed of one of a request's continuations; the first has the request's own.</summary>
    public static ulong ForChoice(ulong seed, int choice) => choice == 0 ? seed : Mix(seed ^ Mix((ulong)choice));

    /// <summary>The seed of the numbers that decide on drafts: none of them is also a draw's.</summary>
    public static ulong ForDrafts(ulong seed) => Mix(~seed);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
