namespace Tessera.Format.Gguf;

/// <summary>Turns the tensors' descriptions of one file into weights, checking types, sizes and places.</summary>
internal static class GgufTensors
{
    private const string TypesKey = "tessera.quantization.types";
    private const int TypesInWarnings = 32;

    /// <summary>The names that the file gives to type ids from 65536.</summary>
    public static string[] NamedTypes(GgufKeys keys)
    {
        if (!keys.TryGet(TypesKey, out GgufEntry entry))
            return [];
        if (entry is not { IsArray: true, Type: GgufValueType.String })
            throw keys.Broken(TypesKey, "an array of strings", entry.TypeText);
        string[] names = new string[entry.Count];
        GgufReader reader = keys.Strings(entry);
        (reader.Kind, reader.Subject) = ("key", TypesKey);
        for (int i = 0; i < names.Length; i++)
            names[i] = reader.Name(GgufConstants.MaxNameBytes, $"entry {i}");
        return names;
    }

    /// <summary>Adds a file's weights, in its own order.</summary>
    /// <param name="header">The file's header.</param>
    /// <param name="namedTypes">The names of type ids from 65536.</param>
    /// <param name="weights">Where to add them.</param>
    public static void Add(GgufHeader header, string[] namedTypes, List<WeightTensor> weights)
    {
        List<GgufTensor> tensors = header.Tensors;
        var types = new GgufType[tensors.Count];
        long[] lengths = new long[tensors.Count];
        int[] order = new int[tensors.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            CheckOffset(header, tensors[i]);
            types[i] = FindType(header, tensors[i], namedTypes);
            lengths[i] = types[i].BlockBytes == 0 ? 0 : Length(header, tensors[i], types[i]);
        }
        Array.Sort(order, (a, b) => tensors[a].Offset.CompareTo(tensors[b].Offset));
        for (int at = 0; at < order.Length; at++)
            Place(header, order, at, lengths);
        for (int i = 0; i < lengths.Length; i++)
            weights.Add(new WeightTensor
            {
                Name = tensors[i].Name,
                Shape = tensors[i].Shape,
                Quantization = types[i].Name,
                Parts = [new WeightPart("data", header.File, header.DataStart + (long)tensors[i].Offset, lengths[i])],
            });
    }

    private static void CheckOffset(GgufHeader header, GgufTensor tensor)
    {
        long left = Math.Max(0, header.File.Length - header.DataStart);
        if (tensor.Offset >= (ulong)left)
            throw Broken(header, tensor, $"offset: {tensor.Offset} is outside of the tensor data, which has {left} bytes");
        if (tensor.Offset % (ulong)header.Alignment != 0)
            throw Broken(header, tensor, $"offset: expected a multiple of the alignment {header.Alignment}, found {tensor.Offset}");
    }

    /// <summary>What to say of types that ggml has no longer, or not yet; such a tensor can be looked at, and no plugin has its quantization.</summary>
    public static IEnumerable<string> Warnings(IEnumerable<GgufHeader> headers) =>
        headers.SelectMany(h => h.Tensors).Where(t => t.Type < GgufConstants.FirstNamedType && GgufTypes.Find(t.Type) is null).GroupBy(t => t.Type).OrderBy(g => g.Key).Take(TypesInWarnings)
            .Select(g => $"type {g.Key} of tensor '{g.First().Name}'{(g.Count() > 1 ? $" and {g.Count() - 1} more" : "")} {(GgufTypes.Removed(g.Key) is { } removed ? $"({removed}) was removed from the format: convert the model again" : "is not known")}");

    /// <summary>The type; one that only has a name or a number is of unknown size (block bytes 0).</summary>
    private static GgufType FindType(GgufHeader header, GgufTensor tensor, string[] namedTypes)
    {
        if (GgufTypes.Find(tensor.Type) is { } type)
            return type;
        if (tensor.Type < GgufConstants.FirstNamedType)
            return new GgufType(GgufTypes.Removed(tensor.Type) ?? $"ggml-type-{tensor.Type}", 1, 0);
        uint index = tensor.Type - GgufConstants.FirstNamedType;
        if (index >= (uint)namedTypes.Length)
            throw Broken(header, tensor, $"type: {tensor.Type} is entry {index} of '{TypesKey}', which has {namedTypes.Length}");
        return new GgufType(namedTypes[index], 1, 0);
    }

    private static long Length(GgufHeader header, GgufTensor tensor, GgufType type)
    {
        long columns = tensor.Shape[^1];
        if (columns % type.BlockSize != 0)
            throw Broken(header, tensor, $"row length: expected a multiple of {type.BlockSize} for type {type.Name}, found {columns}");
        UInt128 elements = 1;
        foreach (long dimension in tensor.Shape)
            elements *= (ulong)dimension;
        UInt128 bytes = elements / (uint)type.BlockSize * (uint)type.BlockBytes;
        long start = header.DataStart + (long)tensor.Offset;
        if (bytes > (ulong)(header.File.Length - start))
            throw Broken(header, tensor, $"needs {bytes} bytes at {start}, the file has {header.File.Length - start} left: was it copied or downloaded whole?");
        return (long)bytes;
    }

    /// <summary>Checks a tensor against the next one in the file; one of unknown size reaches up to there, or to the file's end.</summary>
    private static void Place(GgufHeader header, int[] order, int at, long[] lengths)
    {
        int current = order[at];
        GgufTensor tensor = header.Tensors[current];
        if (at + 1 == order.Length)
        {
            if (lengths[current] == 0)
                lengths[current] = header.File.Length - header.DataStart - (long)tensor.Offset;
            return;
        }
        GgufTensor next = header.Tensors[order[at + 1]];
        long room = (long)(next.Offset - tensor.Offset);
        if (room == 0 || lengths[current] > room)
            throw Broken(header, tensor, $"its bytes {tensor.Offset} to {tensor.Offset + (ulong)lengths[current]} overlap tensor '{next.Name}' at {next.Offset}");
        if (lengths[current] == 0)
            lengths[current] = room;
    }

    private static ModelFormatException Broken(GgufHeader header, GgufTensor tensor, string message) =>
        GgufErrors.Broken(header.File.Name, $"tensor '{tensor.Name}'", message);
}
