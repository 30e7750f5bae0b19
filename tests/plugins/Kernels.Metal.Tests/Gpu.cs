using System.Runtime.InteropServices;
using SharpMetal.Metal;
using Tessera.Kernels.Metal.Device;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests;

/// <summary>A device for single kernels: buffers of values, and command buffers of one dispatch or more.</summary>
internal sealed unsafe class Gpu : IDisposable
{
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly EmulatorSession? _session;

    public Gpu(EmulatorMode? mode = null) : this(Emulator.Begin(mode), isOwner: true)
    {
    }

    /// <summary>A device in a session that is another's, or its own from now on.</summary>
    public Gpu(EmulatorSession session, bool isOwner)
    {
        _session = isOwner ? session : null;
        Device = MetalDevice.TryOpen() ?? throw new InvalidOperationException("the emulator has no device");
    }

    public MetalDevice Device { get; }

    /// <summary>A buffer with values; exactly as long as they are.</summary>
    public DeviceBuffer Put<T>(params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        DeviceBuffer buffer = New<T>(values.Length);
        values.CopyTo(new Span<T>(buffer.Contents, values.Length));
        return buffer;
    }

    /// <summary>A buffer for so many values, full of NaN.</summary>
    public DeviceBuffer New<T>(int count)
        where T : unmanaged
    {
        DeviceBuffer buffer = Device.NewBuffer((long)count * sizeof(T), isShared: true);
        new Span<byte>(buffer.Contents, count * sizeof(T)).Fill(0xFF);
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>Runs what is encoded; a finding of the emulator is an error of the command buffer.</summary>
    public void Run(Action<Commands> encode)
    {
        using AutoreleasePool pool = new();
        MTLCommandBuffer buffer = Device.NewCommands();
        MTLComputeCommandEncoder encoder = buffer.ComputeCommandEncoder();
        encode(new Commands(encoder));
        encoder.EndEncoding();
        buffer.Commit();
        buffer.WaitUntilCompleted();
        MetalErrors.Require(buffer);
    }

    public static T[] Get<T>(DeviceBuffer buffer, int count)
        where T : unmanaged => new ReadOnlySpan<T>(buffer.Contents, count).ToArray();

    /// <summary>Runs a computation in every order of threads, and once with every access checked; the results of all are the same, bit for bit.</summary>
    public static T[] InEveryOrder<T>(Func<Gpu, T[]> compute)
        where T : unmanaged
    {
        T[]? first = null;
        foreach (EmulatorMode mode in (EmulatorMode[])[.. EmulatorMode.Orders.Select(o => new EmulatorMode { Order = o }), EmulatorMode.CheckedAccess])
        {
            using Gpu gpu = new(mode);
            T[] found = compute(gpu);
            first ??= found;
            Assert.True(Bits(first).SequenceEqual(Bits(found)), $"{mode} gives another result than the plain mode");
        }
        return first!;
    }

    public void Dispose()
    {
        _buffers.ForEach(b => b.Dispose());
        Device.Dispose();
        _session?.Dispose();
    }

    private static ReadOnlySpan<byte> Bits<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan());
}

/// <summary>Numbers of tests.</summary>
internal static class Numbers
{
    /// <summary>Floats between −1 and 1.</summary>
    public static float[] Floats(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    /// <summary>The root of the mean square of the differences over that of the expected values.</summary>
    public static double Relative(double[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double differences = 0, squares = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            differences += (expected[i] - found[i]) * (expected[i] - found[i]);
            squares += expected[i] * expected[i];
        }
        Assert.True(squares > 0, "nothing was expected");
        return double.IsNaN(differences) ? double.PositiveInfinity : Math.Sqrt(differences / squares);
    }
}
