using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>Unpacks rows and writes them anew, on all lanes, until a weight is found that their new form does not hold.</summary>
/// <param name="source">What unpacks.</param>
/// <param name="columns">Columns of a row.</param>
/// <param name="writer">What writes.</param>
internal sealed unsafe class TranscodingJob(AffineSource source, int columns, IRowWriter writer) : IWorkJob
{
    // What is unpacked stays in the second-level cache until it is written.
    private const int ChunkBytes = 128 << 10;

    private readonly int _chunk = Math.Max(1, ChunkBytes / columns / source.RowsTogether) * source.RowsTogether;
    private long _next, _end;
    private volatile bool _refused;

    /// <summary>Whether there was a weight that the form does not hold.</summary>
    public bool Refused => _refused;

    /// <summary>Takes rows.</summary>
    public void Run(IWorkTeam team, long first, long count)
    {
        (_next, _end) = (first, first + count);
        team.Run(this);
    }

    /// <inheritdoc/>
    public void Execute(IWorkLane lane)
    {
        int groups = columns / Int8Activation.Group;
        nuint values = (nuint)_chunk * (nuint)columns, floats = (nuint)_chunk * (nuint)groups * sizeof(float);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(values + 2 * floats, 64);
        try
        {
            float* scales = (float*)(memory + values), minimums = (float*)((byte*)scales + floats);
            for (long first = Interlocked.Add(ref _next, _chunk) - _chunk; first < _end && !_refused; first = Interlocked.Add(ref _next, _chunk) - _chunk)
            {
                int count = (int)Math.Min(_chunk, _end - first);
                source.Unpack(first, count, memory, scales, minimums);
                if (!writer.TryWrite(first, count, memory, scales, minimums))
                    _refused = true;
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
