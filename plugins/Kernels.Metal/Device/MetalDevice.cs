using SharpMetal.Foundation;
using SharpMetal.Metal;

namespace Tessera.Kernels.Metal.Device;

/// <summary>The GPU with its queue and its compiled kernels.</summary>
internal sealed unsafe class MetalDevice : IDisposable
{
    /// <summary>What is said where there is none.</summary>
    public const string Unavailable = "unavailable: no Metal device";

    private readonly MTLDevice _device;
    private readonly MTLCommandQueue _queue;
    private bool _disposed;

    private MetalDevice(MTLDevice device)
    {
        _device = device;
        _queue = device.NewCommandQueue();
        Name = device.Name.ToString() ?? "?";
        HasMatrices = device.SupportsFamily(MTLGPUFamily.Apple7);
        LongestBuffer = (long)Math.Min(device.MaxBufferLength, long.MaxValue);
        Pipelines = new PipelineCache(device);
    }

    /// <summary>The device's name, for people.</summary>
    public string Name { get; }

    /// <summary>Whether kernels may use matrices of a simdgroup (family Apple7 and later).</summary>
    public bool HasMatrices { get; }

    /// <summary>The most bytes of a buffer.</summary>
    public long LongestBuffer { get; }

    /// <summary>The compiled kernels.</summary>
    public PipelineCache Pipelines { get; }

    /// <summary>The system's device, else the first of all; null where there is none.</summary>
    public static MetalDevice? TryOpen()
    {
        try
        {
            Native.LoadCoreGraphics();
            using AutoreleasePool pool = new();
            MTLDevice device = MTLDevice.CreateSystemDefaultDevice();
            if (device.NativePtr == 0)
                device = First();
            return device.NativePtr == 0 ? null : new MetalDevice(device);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException || e.InnerException is DllNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A new buffer of undefined content.</summary>
    /// <exception cref="DeviceMemoryException">There is no room.</exception>
    public DeviceBuffer NewBuffer(long bytes, bool isShared)
    {
        bytes = Math.Max(16, bytes);
        MTLBuffer buffer = bytes > LongestBuffer ? default : _device.NewBuffer((ulong)bytes, isShared ? MTLResourceOptions.ResourceStorageModeShared : MTLResourceOptions.ResourceStorageModePrivate);
        return new DeviceBuffer(Require(buffer, bytes), bytes);
    }

    /// <summary>A new shared buffer with a copy of bytes.</summary>
    /// <exception cref="DeviceMemoryException">There is no room.</exception>
    public DeviceBuffer Copy(void* source, long bytes)
    {
        DeviceBuffer buffer = NewBuffer(bytes, isShared: true);
        Buffer.MemoryCopy(source, buffer.Contents, bytes, bytes);
        return buffer;
    }

    /// <summary>A buffer over whole pages that stay where they are; null where the device does not take them.</summary>
    public DeviceBuffer? Map(byte* pages, long bytes)
    {
        if (bytes <= 0 || bytes > LongestBuffer)
            return null;
        MTLBuffer buffer = _device.NewBuffer((nint)pages, (ulong)bytes, MTLResourceOptions.ResourceStorageModeShared, 0);
        return buffer.NativePtr == 0 ? null : new DeviceBuffer(buffer, bytes);
    }

    /// <summary>A new command buffer that the innermost pool owns.</summary>
    public MTLCommandBuffer NewCommands() => _queue.CommandBuffer();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Pipelines.Dispose();
        _queue.Dispose();
        _device.Dispose();
    }

    private static MTLDevice First()
    {
        NSArray all = MTLDevice.CopyAllDevices();
        if (all.NativePtr == 0)
            return default;
        MTLDevice first = all.Count == 0 ? default : new MTLDevice(Native.Retain(all.Object(0)));
        Native.Release(all);
        return first;
    }

    private static MTLBuffer Require(MTLBuffer buffer, long bytes) =>
        buffer.NativePtr != 0 ? buffer : throw new DeviceMemoryException($"metal: the device has no room for a buffer of {bytes} bytes");
}
