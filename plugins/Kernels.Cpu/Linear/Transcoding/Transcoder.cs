using System.Diagnostics;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>
/// Writes weights that a plugin only unpacks anew at load, as a GGUF type of 32-weight blocks that has kernels of its own, and weights of four bits that stand by columns as rows; only where no weight changes by it.
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
        why = source.GroupSize != Int8Activation.Group ? $"groups of {source.GroupSize} columns" : "no type of blocks holds its weights as they are";
        return Counted(() => source.GroupSize == Int8Activation.Group ? Smallest(weight, source) : null);
    }

    /// <summary>The same weights as <see cref="RowNibbles"/>, their columns in the source's order; null where they cannot be written so.</summary>
    /// <param name="weight">A validated weight of one slice.</param>
    /// <param name="source">What unpacks it.</param>
    public WeightTensor? TryRows(WeightTensor weight, AffineSource source) => RowNibbles.GroupOf(weight, source) is > 0 and int group ? Counted(() => Rows(weight, source, group)) : null;

    /// <summary>Frees what <see cref="TryTranscode"/> or <see cref="TryRows"/> gave, which is not used then.</summary>
    public void GiveBack(WeightTensor written)
    {
        Count--;
        Bytes -= written.Bytes;
        arena.Free(written.Parts[0].Data);
    }

    private WeightTensor? Counted(Func<WeightTensor?> write)
    {
        long start = Stopwatch.GetTimestamp();
        Tried++;
        WeightTensor? written = write();
        _ticks += Stopwatch.GetTimestamp() - start;
        if (written is null)
            return null;
        Count++;
        Bytes += written.Bytes;
        return written;
    }

    private WeightTensor? Rows(WeightTensor weight, AffineSource source, int group)
    {
        long length = RowNibbles.BytesOf(weight, group);
        byte* bytes = arena.Take(length);
        WeightTensor tensor = RowNibbles.Tensor(weight, group, new Written(weight.Name, length, bytes));
        return IsWritten(weight, source, new RowNibbles.Writer((int)weight.Columns, group, tensor), bytes) ? tensor : null;
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
        if (!IsWritten(weight, source, new BlockTranscoding.Writer<TBlock>((int)weight.Columns / Int8Activation.Group, bytes), bytes))
            return null;
        return new WeightTensor
        {
            Name = weight.Name,
            StoredName = weight.StoredName,
            Shape = weight.Shape,
            Quantization = TBlock.Id,
            Parts = [new WeightPart("data", new Written(weight.Name, length, bytes), 0, length)],
        };
    }

    // Frees the memory where not all of it is.
    private bool IsWritten(WeightTensor weight, AffineSource source, IRowWriter writer, byte* bytes)
    {
        TranscodingJob job = new(source, (int)weight.Columns, writer);
        long run = Math.Max(1, RunWeights / weight.Columns / source.RowsTogether) * source.RowsTogether;
        bool written = false;
        try
        {
            for (long first = 0; first < weight.Rows && !job.Refused; first += run)
                job.Run(team, first, Math.Min(run, weight.Rows - first));
            written = !job.Refused;
        }
        finally
        {
            if (!written)
                arena.Free(bytes);
        }
        return written;
    }

    /// <summary>Memory of the arena, as a part of a weight sees it.</summary>
    private sealed class Written(string name, long length, byte* data) : IModelFile
    {
        public string Name => name;

        public long Length => length;

        public byte* Data => data;
    }
}
