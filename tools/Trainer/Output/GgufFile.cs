using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.Trainer.Output;

/// <summary>Writes a GGUF v3 file (github.com/ggml-org/ggml/blob/master/docs/gguf.md) with Q8_0 and F32 tensors.</summary>
internal sealed class GgufFile(Stream stream)
{
    private const uint F32 = 0, Q8_0 = 8;
    private const uint UInt32 = 4, Int32 = 5, Float32 = 6, Bool = 7, String = 8, Array = 9;
    private const int Alignment = 32, BlockSize = 32;

    private readonly List<Action<BinaryWriter>> _values = [];
    private readonly List<(string Name, long[] Shape, uint Type, byte[] Data)> _tensors = [];

    public void Add(string key, string value) => Value(key, String, w => Text(w, value));

    public void Add(string key, uint value) => Value(key, UInt32, w => w.Write(value));

    public void Add(string key, float value) => Value(key, Float32, w => w.Write(value));

    public void Add(string key, bool value) => Value(key, Bool, w => w.Write(value));

    public void Add(string key, string[] values) => List(key, String, values.Length, w => System.Array.ForEach(values, v => Text(w, v)));

    public void Add(string key, int[] values) => List(key, Int32, values.Length, w => System.Array.ForEach(values, w.Write));

    /// <summary>A vector in F32.</summary>
    public void AddVector(string name, ReadOnlySpan<float> values) => _tensors.Add((name, [values.Length], F32, MemoryMarshal.AsBytes(values).ToArray()));

    /// <summary>A matrix of Q8_0 blocks: a half-precision scale, then 32 signed bytes.</summary>
    public void AddMatrix(string name, int rows, int columns, ReadOnlySpan<float> values)
    {
        using MemoryStream data = new();
        using BinaryWriter w = new(data);
        for (int i = 0; i < rows * columns; i += BlockSize)
        {
            ReadOnlySpan<float> block = values.Slice(i, BlockSize);
            float largest = 0;
            foreach (float value in block)
                largest = MathF.Max(largest, MathF.Abs(value));
            float scale = largest / 127;
            w.Write((Half)scale);
            foreach (float value in block)
                w.Write((sbyte)(scale == 0 ? 0 : MathF.Round(value / scale, MidpointRounding.AwayFromZero)));
        }
        _tensors.Add((name, [columns, rows], Q8_0, data.ToArray()));
    }

    /// <summary>Writes everything that was added.</summary>
    public void Write()
    {
        using BinaryWriter w = new(stream, Encoding.UTF8, leaveOpen: true);
        w.Write("GGUF"u8);
        w.Write(3u);
        w.Write((ulong)_tensors.Count);
        w.Write((ulong)_values.Count);
        _values.ForEach(v => v(w));
        long offset = 0;
        foreach ((string name, long[] shape, uint type, byte[] data) in _tensors)
        {
            Text(w, name);
            w.Write((uint)shape.Length);
            System.Array.ForEach(shape, w.Write);
            w.Write(type);
            w.Write(offset);
            offset += Padded(data.Length);
        }
        Pad(w);
        foreach ((_, _, _, byte[] data) in _tensors)
        {
            w.Write(data);
            Pad(w);
        }
    }

    private void Value(string key, uint type, Action<BinaryWriter> write) => _values.Add(w =>
    {
        Text(w, key);
        w.Write(type);
        write(w);
    });

    private void List(string key, uint type, int count, Action<BinaryWriter> write) => Value(key, Array, w =>
    {
        w.Write(type);
        w.Write((ulong)count);
        write(w);
    });

    private static void Text(BinaryWriter w, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        w.Write((ulong)bytes.Length);
        w.Write(bytes);
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter w)
    {
        w.Flush();
        for (long i = w.BaseStream.Position; i % Alignment != 0; i++)
            w.Write((byte)0);
    }
}
