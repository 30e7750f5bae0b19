using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>A matrix on the device.</summary>
/// <param name="Range">Its first block.</param>
/// <param name="Type">The type of its kernels.</param>
/// <param name="How">How it got there, for people.</param>
internal sealed record StoredWeight(BufferRange Range, string Type, string How);

/// <summary>Brings weights onto the device: the pages of mapped files as they are, else a copy; types without kernels in another form.</summary>
internal sealed unsafe class WeightStore(BackendRequest request, MetalDevice device, Scratch scratch, ILogger logger)
{
    /// <summary>What every kernel's loads are aligned to, at least.</summary>
    private const int Alignment = 4;

    private readonly Dictionary<IModelFile, DeviceBuffer?> _files = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, StoredWeight> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Name, bool IsOffset), BufferRange> _vectors = [];
    private BufferRange? _nothing;

    /// <summary>A place that kernels are given where they read nothing.</summary>
    public BufferRange Nothing => _nothing ??= scratch.Take(16, isShared: true).At(0);

    /// <summary>A matrix with kernels for its type.</summary>
    /// <exception cref="UnsupportedModelException">It has none, and no form that has; the text names node, tensor and type.</exception>
    public StoredWeight Matrix(GraphNode node, WeightTensor weight)
    {
        if (_weights.TryGetValue(weight.Name, out StoredWeight? known))
            return known;
        StoredWeight stored = !KernelText.Has(weight.Quantization) ? Transcode(node, weight)
            : weight.Stack.Count > 0 ? Joined(weight)
            : weight.Parts is [{ } part] ? Mapped(weight, part) ?? new StoredWeight(Copy(weight, part), weight.Quantization, "copied: its file is not mapped")
            : throw new UnsupportedModelException($"metal: node '{node.Name}': tensor '{weight.Name}' of type '{weight.Quantization}' has {weight.Parts.Length} parts, expected one");
        _weights.Add(weight.Name, stored);
        return stored;
    }

    /// <summary>A norm's weight, a bias or scores as floats; nothing where there is none.</summary>
    public BufferRange Vector(GraphNode node, WeightTensor? weight, bool isOffset = false)
    {
        if (weight is null)
            return Nothing;
        if (_vectors.TryGetValue((weight.Name, isOffset), out BufferRange known))
            return known;
        long count = weight.Rows * weight.Columns;
        DeviceBuffer buffer = scratch.Take(count * sizeof(float), isShared: true);
        Span<float> values = new(buffer.Contents, checked((int)count));
        Dequantize(node, weight, (slice, quantization, done) => quantization.Dequantize(slice, 0, checked((int)slice.Rows), new Span<float>((float*)buffer.Contents + done, checked((int)(slice.Rows * slice.Columns)))));
        for (int i = 0; i < values.Length && isOffset; i++)
            values[i] += 1;
        _vectors.Add((weight.Name, isOffset), buffer.At(0));
        return buffer.At(0);
    }

    // The file's whole pages; a page's rest behind the end of the file is the mapping's own.
    private StoredWeight? Mapped(WeightTensor weight, WeightPart part)
    {
        long page = Environment.SystemPageSize;
        if ((nint)part.File.Data % page != 0 || part.Offset % Alignment != 0)
            return null;
        if (!_files.TryGetValue(part.File, out DeviceBuffer? file))
        {
            file = device.Map(part.File.Data, (part.File.Length + page - 1) / page * page);
            if (file is not null)
                scratch.Own(file);
            _files.Add(part.File, file);
        }
        if (file is not null)
            return new StoredWeight(file.At(part.Offset), weight.Quantization, "mapped");
        // A file that is longer than a buffer can be: the tensor's own pages.
        long first = part.Offset / page * page;
        DeviceBuffer? own = device.Map(part.File.Data + first, (part.Offset + part.Length - first + page - 1) / page * page);
        return own is null ? null : new StoredWeight(scratch.Own(own).At(part.Offset - first), weight.Quantization, "mapped");
    }

    private BufferRange Copy(WeightTensor weight, WeightPart part)
    {
        DeviceBuffer buffer = scratch.Take(weight.Bytes, isShared: true);
        Buffer.MemoryCopy(part.Data, buffer.Contents, buffer.Bytes, part.Length);
        return buffer.At(0);
    }

    private StoredWeight Joined(WeightTensor weight)
    {
        DeviceBuffer buffer = scratch.Take(weight.Stack.Sum(s => s.Bytes), isShared: true);
        long done = 0;
        foreach (WeightTensor slice in weight.Stack)
        {
            Buffer.MemoryCopy(slice.Parts[0].Data, buffer.Contents + done, buffer.Bytes - done, slice.Bytes);
            done += slice.Bytes;
        }
        return new StoredWeight(buffer.At(0), weight.Quantization, $"copied: joined of {weight.Stack.Count} tensors");
    }

    // Halves hold what a type of few bits says to a part in 2000; where activations are exact, weights are too.
    private StoredWeight Transcode(GraphNode node, WeightTensor weight)
    {
        bool half = request.Limits.Activations == ActivationPrecision.Fast;
        long count = weight.Rows * weight.Columns;
        DeviceBuffer buffer = scratch.Take(checked(count * (half ? 2 : 4)), isShared: true);
        const int Rows = 16;
        float[] rows = new float[checked((int)(Rows * weight.Columns))];
        Dequantize(node, weight, (slice, quantization, done) =>
        {
            for (long row = 0; row < slice.Rows; row += Rows)
            {
                int many = (int)Math.Min(Rows, slice.Rows - row);
                Span<float> values = rows.AsSpan(0, (int)(many * slice.Columns));
                quantization.Dequantize(slice, row, many, values);
                Store(node, weight, values, buffer, done + row * slice.Columns, half);
            }
        });
        string form = half ? "f16" : "f32";
        logger.LogWarning("metal: tensor '{Name}' of type '{Type}' has no Metal kernel: transcoded to {Form} at load", weight.Name, weight.Quantization, form);
        return new StoredWeight(buffer.At(0), form, $"transcoded from {weight.Quantization} at load, which has no Metal kernel");
    }

    private static void Store(GraphNode node, WeightTensor weight, Span<float> values, DeviceBuffer buffer, long first, bool half)
    {
        if (!half)
        {
            values.CopyTo(new Span<float>((float*)buffer.Contents + first, values.Length));
            return;
        }
        Half* target = (Half*)buffer.Contents + first;
        for (int i = 0; i < values.Length; i++)
        {
            target[i] = (Half)values[i];
            if (!Half.IsFinite(target[i]) && float.IsFinite(values[i]))
                throw new UnsupportedModelException($"metal: node '{node.Name}': tensor '{weight.Name}' of type '{weight.Quantization}' has no Metal kernel, and its value {values[i]} does not fit f16, which it would be transcoded to");
        }
    }

    private void Dequantize(GraphNode node, WeightTensor weight, Action<WeightTensor, IQuantization, long> take)
    {
        IQuantization quantization = request.Quantizations.Find(weight.Quantization)
            ?? throw new UnsupportedModelException($"metal: node '{node.Name}': tensor '{weight.Name}' has type '{weight.Quantization}', which has no Metal kernel and no plugin to transcode it with");
        long done = 0;
        foreach (WeightTensor slice in weight.Stack.Count > 0 ? weight.Stack : [weight])
        {
            take(slice, quantization, done);
            done += slice.Rows * slice.Columns;
        }
    }
}
