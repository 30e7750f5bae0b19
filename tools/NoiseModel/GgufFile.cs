using System.Text;

namespace Tessera.NoiseModel;

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

    /// <summary>A vector of ones.</summary>
    public void AddOnes(string name, int length)
    {
        float[] ones = new float[length];
        System.Array.Fill(ones, 1);
        byte[] data = new byte[length * sizeof(float)];
        Buffer.BlockCopy(ones, 0, data, 0, data.Length);
        _tensors.Add((name, [length], F32, data));
    }

    /// <summary>A matrix of random Q8_0 blocks: a half-precision scale, then 32 signed bytes.</summary>
    public void AddMatrix(string name, int rows, int columns, Random random)
    {
        using MemoryStream data = new();
        using BinaryWriter w = new(data);
        // Bytes are uniform over ±127, so values have a deviation of about 73 scales; 1/√columns keeps activations level.
        Half scale = (Half)(1 / (73 * Math.Sqrt(columns)));
        byte[] block = new byte[BlockSize];
        for (int i = 0; i < rows * columns / BlockSize; i++)
        {
            w.Write(scale);
            for (int j = 0; j < BlockSize; j++)
                block[j] = (byte)random.Next(-127, 128);
            w.Write(block);
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
