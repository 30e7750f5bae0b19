using System.Diagnostics;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>
/// Writes weights that a plugin only unpacks anew at load, as a GGUF type of 32-weight blocks that has kernels of its own; only where no weight changes by it.
/// They then take memory beside the file, and are computed with at those kernels' speed whatever the plugin's unpacking costs.
/// </summary>
/// <param name="team">What works.</param>
/// <param name="arena">Where the memory comes from.</param>
internal sealed unsafe class Transcoder(IWorkTeam team, NativeArena arena)
{
    // Of one run of the team, so that other models' steps do not wait long: a plugin that unpacks one weight after the other takes some milliseconds for them.
    private const long RunWeights = 4 << 20;

    private long _ticks;

    /// <summary>Weights that were written anew.</summary>
    public int Count { get; private set; }

    /// <summary>Weights that were to be.</summary>
    public int Tried { get; private set; }

    /// <summary>The bytes of what was written.</summary>
    public long Bytes { get; private set; }

    /// <summary>How long it took, in vain or not.</summary>
    public TimeSpan Time => Stopwatch.GetElapsedTime(0, _ticks);

    /// <summary>The same weights in another type; null where no type holds them.</summary>
    /// <param name="weight">A validated weight of one slice.</param>
    /// <param name="source">What unpacks it.</param>
    /// <param name="why">Then says what stands in the way.</param>
    /// <exception cref="Exception">What the plugin's unpacking threw.</exception>
    public WeightTensor? TryTranscode(WeightTensor weight, AffineSource source, out string why)
    {
        long start = Stopwatch.GetTimestamp();
        why = source.GroupSize != Int8Activation.Group ? $"groups of {source.GroupSize} columns" : "no type of blocks holds its weights as they are";
        Tried++;
        WeightTensor? written = source.GroupSize == Int8Activation.Group ? Smallest(weight, source) : null;
        _ticks += Stopwatch.GetTimestamp() - start;
        if (written is null)
            return null;
        Count++;
        Bytes += written.Bytes;
        return written;
    }

    /// <summary>Frees what <see cref="TryTranscode"/> gave, which is not used then.</summary>
    public void GiveBack(WeightTensor written)
    {
        Count--;
        Bytes -= written.Bytes;
        arena.Free(written.Parts[0].Data);
    }

    // A type without a minimum holds whole zero points, where values stay within it; one with a minimum what is a float16.
    private WeightTensor? Smallest(WeightTensor weight, AffineSource source)
    {
        WeightTensor? written = null;
        if (source.MaxValue <= Q4_0Writer.Most)
            written = Try<Q4_0Writer>(weight, source) ?? Try<Q4_1Writer>(weight, source);
        if (source.MaxValue <= Q5_0Writer.Most)
            written ??= Try<Q5_0Writer>(weight, source) ?? Try<Q5_1Writer>(weight, source);
        return written ?? Try<Q8_0Writer>(weight, source);
    }

    private WeightTensor? Try<TBlock>(WeightTensor weight, AffineSource source)
        where TBlock : struct, IBlockWriter
    {
        long length = checked(weight.Rows * (weight.Columns / Int8Activation.Group) * TBlock.Bytes);
        byte* bytes = arena.Take(length);
        TranscodingJob<TBlock> job = new(source, (int)weight.Columns, bytes);
        long run = Math.Max(1, RunWeights / weight.Columns / source.RowsTogether) * source.RowsTogether;
        for (long first = 0; first < weight.Rows && !job.Refused; first += run)
            job.Run(team, first, Math.Min(run, weight.Rows - first));
        if (job.Refused)
        {
            arena.Free(bytes);
            return null;
        }
        return new WeightTensor
        {
            Name = weight.Name,
            StoredName = weight.StoredName,
            Shape = weight.Shape,
            Quantization = TBlock.Id,
            Parts = [new WeightPart("data", new Written(weight.Name, length, bytes), 0, length)],
        };
    }

    /// <summary>Memory of the arena, as a part of a weight sees it.</summary>
    private sealed class Written(string name, long length, byte* data) : IModelFile
    {
        public string Name => name;

        public long Length => length;

        public byte* Data => data;
    }
}
