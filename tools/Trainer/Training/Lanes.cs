namespace Tessera.Trainer.Training;

/// <summary>How many threads compute; each takes a pack when it is free.</summary>
internal static class Lanes
{
    public static int Count { get; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    public static ParallelOptions Options { get; } = new() { MaxDegreeOfParallelism = Count };
}
