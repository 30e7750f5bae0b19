using Tessera.Host.Files;
using Tessera.Host.Models;

namespace Tessera.Host.Conversion;

/// <summary>Says how far the writing of a file has come.</summary>
/// <param name="tensor">The tensor that was written last.</param>
/// <param name="done">Bytes that are written.</param>
/// <param name="total">Bytes in all.</param>
internal delegate void WriteProgress(string tensor, long done, long total);

/// <summary>Writes models as files: a loaded writer plans, the lanes of the work team convert chunk by chunk, each with buffers of its own, so memory does not grow with the model.</summary>
internal static class ModelFileWriter
{
    /// <summary>Plans a file with the first loaded writer that writes files of its name.</summary>
    /// <exception cref="UnsupportedModelException">There is no such writer, or it cannot say something of the model.</exception>
    public static WritePlan Plan(OpenModel open, string path, string? fileType)
    {
        string name = Path.GetFileName(path);
        IWeightWriter writer = open.Leases.Find(c => c.Writers.FirstOrDefault(w => Boundary.Call($"writer '{w.Name}'", () => w.CanWrite(name))))
            ?? throw new UnsupportedModelException($"{name}: no loaded plugin writes files of this name; {open.Leases.Loaded}");
        return Boundary.Call($"writer '{writer.Name}'", () => writer.Plan(open.Source, open.Files, fileType));
    }

    /// <summary>Writes beside the target, flushes and renames, so that an error or an interruption leaves what was there before.</summary>
    /// <exception cref="TesseraException">A value or the file cannot be written, or no loaded plugin has a type.</exception>
    public static void Write(OpenModel open, WritePlan plan, string path, IWorkTeam team, WriteProgress progress, CancellationToken cancellation)
    {
        TensorConverter[] converters = [.. plan.Tensors.Select(t => new TensorConverter(t, open))];
        using UnfinishedFile file = new(path, plan.Length);
        file.Write(plan.Header.Span, 0);
        team.Run(new WriteJob(plan, converters, file, progress, cancellation));
        file.Finish(plan.Length);
    }

    private sealed class WriteJob(WritePlan plan, TensorConverter[] converters, UnfinishedFile file, WriteProgress progress, CancellationToken cancellation) : IWorkJob
    {
        private readonly Lock _lock = new();
        private readonly IEnumerator<TensorChunk> _chunks = TensorChunk.Of(plan.Tensors).GetEnumerator();
        private readonly long _total = plan.Tensors.Sum(t => t.Length);
        private long _done;

        public void Execute(IWorkLane lane)
        {
            ConversionBuffers buffers = new();
            while (Next(out TensorChunk chunk))
            {
                TensorConverter converter = converters[chunk.Tensor];
                ReadOnlySpan<byte> bytes = converter.Convert(chunk, buffers);
                file.Write(bytes, converter.Offset(chunk));
                lock (_lock)
                    progress(plan.Tensors[chunk.Tensor].Name, _done += bytes.Length, _total);
            }
        }

        private bool Next(out TensorChunk chunk)
        {
            lock (_lock)
            {
                bool more = !cancellation.IsCancellationRequested && _chunks.MoveNext();
                chunk = more ? _chunks.Current : default;
                cancellation.ThrowIfCancellationRequested();
                return more;
            }
        }
    }
}
