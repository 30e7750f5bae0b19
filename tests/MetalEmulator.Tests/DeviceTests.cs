namespace Tessera.MetalEmulator.Tests;

/// <summary>The device, its queue and its buffers as a host sees them.</summary>
public sealed class DeviceTests
{
    private const string Kernels = "kernel void k(device const float * x [[buffer(0)]], device float * y [[buffer(1)]], uint i [[thread_position_in_grid]]) { y[i] = 2 * x[i]; }";

    [Fact]
    public void Nothing_runs_before_somebody_waits()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint y = gpu.Buffer(16), pipeline = gpu.Pipeline(Kernels);
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setComputePipelineState:", pipeline);
        Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer<float>(1, 2, 3, 4), 0, 0);
        Message.To(encoder, "setBuffer:offset:atIndex:", y, 0, 1);
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size(1), new Size(4));
        Message.To(encoder, "endEncoding");
        Message.To(commands, "commit");
        Assert.Equal(2, Message.To(commands, "status"));
        Assert.All(Gpu.Read<float>(y), v => Assert.True(float.IsNaN(v)));
        // A command buffer after it waits for it too.
        nint later = Message.To(gpu.Queue, "commandBuffer");
        Message.To(later, "commit");
        Message.To(later, "waitUntilCompleted");
        Assert.Equal(Gpu.Completed, (int)Message.To(commands, "status"));
        Assert.Equal([2, 4, 6, 8], Gpu.Read<float>(y));
        Assert.True(Message.Seconds(commands, "GPUEndTime") >= Message.Seconds(commands, "GPUStartTime"));
        Assert.Equal((2, 1), (session.Count("command-buffers"), session.Count("dispatches")));
    }

    [Fact]
    public void Blits_copy_and_fill()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint from = gpu.Buffer<byte>(1, 2, 3, 4, 5, 6, 7, 8), to = gpu.Buffer(new byte[8]);
        nint commands = Message.To(gpu.Queue, "commandBuffer"), encoder = Message.To(commands, "blitCommandEncoder");
        Message.To(encoder, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", from, 2, to, 1, 3);
        Message.To(encoder, "fillBuffer:range:value:", to, 5, 2, 9);
        Assert.Equal(Gpu.Completed, Gpu.Finish(commands, encoder));
        Assert.Equal([0, 3, 4, 5, 0, 9, 9, 0], Gpu.Read<byte>(to));
    }

    [Fact]
    public void A_blit_beyond_the_end_is_found()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint from = gpu.Buffer(8), to = gpu.Buffer(8);
        nint commands = Message.To(gpu.Queue, "commandBuffer"), encoder = Message.To(commands, "blitCommandEncoder");
        Message.To(encoder, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", from, 2, to, 0, 7);
        Gpu.Finish(commands, encoder);
        Assert.Contains("7 bytes at 2 of a buffer of 8", Assert.Single(session.TakeFindings()), StringComparison.Ordinal);
    }

    [Fact]
    public void Families_are_the_modes()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { Family = 1006 });
        nint device = Message.Call("MTLCreateSystemDefaultDevice");
        Assert.Equal((1, 0, 0), (Message.To(device, "supportsFamily:", 1006) & 1, Message.To(device, "supportsFamily:", 1007) & 1, Message.To(device, "supportsFamily:", 5001) & 1));
        session.Use(EmulatorMode.Plain);
        Assert.Equal((1, 1), (Message.To(device, "supportsFamily:", 1007) & 1, Message.To(device, "supportsFamily:", 5001) & 1));
    }

    [Fact]
    public void A_device_may_be_listed_and_not_the_default()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { HasDefaultDevice = false });
        Assert.Equal(0, Message.Call("MTLCreateSystemDefaultDevice"));
        nint devices = Message.Call("MTLCopyAllDevices");
        Assert.Equal(1, Message.To(devices, "count"));
        Assert.NotEqual(0, Message.To(devices, "objectAtIndex:", 0));
        Message.To(devices, "release");
        session.Use(new EmulatorMode { HasDefaultDevice = false, ListsDevice = false });
        devices = Message.Call("MTLCopyAllDevices");
        Assert.Equal(0, Message.To(devices, "count"));
        Message.To(devices, "release");
    }

    [Fact]
    public void A_default_device_may_need_CoreGraphics()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { NeedsCoreGraphics = true });
        Assert.Equal(0, Message.Call("MTLCreateSystemDefaultDevice"));
        Assert.NotEqual(0, Message.Call("CGColorSpaceGetTypeID"));
        Assert.NotEqual(0, Message.Call("MTLCreateSystemDefaultDevice"));
    }

    [Fact]
    public void Bytes_are_counted_by_who_sees_them()
    {
        const int Shared = 0, Private = 2 << 4;
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint alone = Message.To(gpu.Device, "newBufferWithLength:options:", 60, Private), both = Message.To(gpu.Device, "newBufferWithLength:options:", 7, Shared);
        Assert.Equal((60, 7), (session.PrivateBytes, session.SharedBytes));
        Message.To(alone, "release");
        Assert.Equal((0, 7), (session.PrivateBytes, session.SharedBytes));
        Message.To(both, "release");
    }

    [Fact]
    public void A_buffer_beyond_the_memory_is_nil()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { MemoryLimit = 100 });
        using Gpu gpu = new();
        nint first = Message.To(gpu.Device, "newBufferWithLength:options:", 60, 0);
        Assert.NotEqual(0, first);
        Assert.Equal(0, Message.To(gpu.Device, "newBufferWithLength:options:", 41, 0));
        Assert.Equal(60, Message.To(gpu.Device, "currentAllocatedSize"));
        Message.To(first, "release");
        Assert.NotEqual(0, gpu.Buffer(100));
    }

    [Fact]
    public void A_command_buffer_fails_as_the_test_asks()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        session.FailNextCommand(8);
        nint commands = Message.To(gpu.Queue, "commandBuffer");
        Message.To(commands, "commit");
        Message.To(commands, "waitUntilCompleted");
        nint error = Message.To(commands, "error");
        Assert.Equal((Gpu.Failed, 8), ((int)Message.To(commands, "status"), (int)Message.To(error, "code")));
        Assert.Equal("MTLCommandBufferErrorDomain", Message.Text(Message.To(error, "domain")));
    }

    [Fact]
    public void What_does_not_compile_is_an_error_that_names_the_line()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        Assert.Equal(0, gpu.Library("kernel void k(device float * y [[buffer(0)]]) {\n threadgroup float * p = y; }", out string error));
        Assert.Contains("program_source:4", error, StringComparison.Ordinal);
        Assert.Equal(0, gpu.Pipeline(gpu.Library(Kernels, out _), "other", out _));
    }

    [Fact]
    public void An_argument_that_is_bytes_is_copied_when_it_is_set()
    {
        using EmulatorSession session = Emulator.Begin(EmulatorMode.CheckedAccess);
        using Gpu gpu = new();
        nint y = gpu.Buffer(8), pipeline = gpu.Pipeline(Kernels);
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setComputePipelineState:", pipeline);
        Set(encoder, [3, 4]);
        Message.To(encoder, "setBuffer:offset:atIndex:", y, 0, 1);
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size(1), new Size(2));
        Assert.Equal(Gpu.Completed, Gpu.Finish(commands, encoder));
        Assert.Equal([6, 8], Gpu.Read<float>(y));
    }

    private static unsafe void Set(nint encoder, float[] values)
    {
        fixed (float* v = values)
            Message.To(encoder, "setBytes:length:atIndex:", (nint)v, 4 * values.Length, 0);
        Array.Clear(values);
    }
}
