using Tessera.Trainer.Numerics;
using Tessera.Trainer.Output;

namespace Tessera.Trainer.Training;

/// <summary>A run's weights and optimizer state in a file, so that a stopped run goes on.</summary>
internal static unsafe class Checkpoint
{
    private const long Magic = 0x31_54_50_4B_43_53_54; // "TSCKPT1"

    public static void Save(string path, int step, double loss, params NativeBuffer[] buffers) => AtomicFile.Write(path, stream =>
    {
        using BinaryWriter w = new(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        w.Write(Magic);
        w.Write(step);
        w.Write(loss);
        foreach (NativeBuffer buffer in buffers)
        {
            w.Write(buffer.Count);
            w.Write(new ReadOnlySpan<byte>(buffer.Data, checked((int)buffer.Count * sizeof(float))));
        }
    });

    /// <summary>The step that was saved and its loss; (0, 0) where there is no such file.</summary>
    public static (int Step, double Loss) Load(string path, params NativeBuffer[] buffers)
    {
        if (!File.Exists(path))
            return (0, 0);
        using BinaryReader r = new(File.OpenRead(path));
        // Of another length, it is cut short or of another model: seen before any weight is overwritten.
        long expected = sizeof(long) + sizeof(int) + sizeof(double) + buffers.Sum(b => sizeof(long) + b.Count * sizeof(float));
        if (r.BaseStream.Length != expected)
            throw new InvalidDataException($"{path}: expected {expected} bytes, found {r.BaseStream.Length}: it is cut short, or of a model of another shape; without it, training begins again");
        if (r.ReadInt64() != Magic)
            throw new InvalidDataException($"{path}: not a checkpoint");
        int step = r.ReadInt32();
        double loss = r.ReadDouble();
        foreach (NativeBuffer buffer in buffers)
        {
            if (r.ReadInt64() is var count && count != buffer.Count)
                throw new InvalidDataException($"{path}: expected {buffer.Count} values, found {count}: it is of a model of another shape");
            r.BaseStream.ReadExactly(new Span<byte>(buffer.Data, checked((int)count * sizeof(float))));
        }
        return (step, loss);
    }
}
