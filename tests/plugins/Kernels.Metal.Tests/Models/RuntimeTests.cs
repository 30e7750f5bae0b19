using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Kernels.Metal.Device;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>The host side: devices, command buffers and errors.</summary>
public sealed class RuntimeTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void The_default_device_is_taken_or_the_first_of_all(bool hasDefault, bool listed)
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { HasDefaultDevice = hasDefault, ListsDevice = listed });
        using MetalDevice? device = MetalDevice.TryOpen();
        Assert.NotNull(device);
        Assert.True(device.HasMatrices);
    }

    [Fact]
    public void CoreGraphics_is_in_the_process_before_the_default_device_is_asked_for()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { NeedsCoreGraphics = true, ListsDevice = false });
        using MetalDevice? device = MetalDevice.TryOpen();
        Assert.NotNull(device);
    }

    [Fact]
    public void Without_a_device_every_graph_is_refused_with_the_reason()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { HasDefaultDevice = false, ListsDevice = false });
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new("f32", isMapped: false);
        Assert.Equal("metal: unavailable: no Metal device", Assert.Throws<UnsupportedModelException>(() => backend.Build(small.Request())).Message);
    }

    [Fact]
    public void A_step_is_one_command_buffer_that_nobody_waits_for_before_Wait()
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new("f32", isMapped: true);
        using IModelRuntime runtime = backend.Build(small.Request());
        (long buffers, long dispatches) = (session.Count("command-buffers"), session.Count("dispatches"));
        small.Submit(runtime);
        Assert.Equal((buffers + 1, dispatches), (session.Count("command-buffers"), session.Count("dispatches")));
        Assert.Contains("a batch is still running", Assert.Throws<TesseraException>(() => small.Submit(runtime)).Message, StringComparison.Ordinal);
        Assert.True(runtime.Wait());
        Assert.True(session.Count("dispatches") > dispatches);
        Assert.Equal(buffers + 1, session.Count("command-buffers"));
    }

    [Theory]
    [InlineData(8, typeof(DeviceMemoryException))]
    [InlineData(11, typeof(DeviceLostException))]
    [InlineData(3, typeof(DeviceFaultException))]
    public void A_failed_command_buffer_is_a_typed_error_and_leaves_the_runtime_faulted(int code, Type error)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new("f32", isMapped: false);
        using IModelRuntime runtime = backend.Build(small.Request());
        session.FailNextCommand(code);
        Assert.Equal(error, Assert.ThrowsAny<TesseraException>(() => small.Logits(runtime)).GetType());
        Assert.Contains("cannot be used again", Assert.Throws<TesseraException>(() => small.Logits(runtime)).Message, StringComparison.Ordinal);
        session.TakeFindings();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void More_best_tokens_than_are_chosen_are_refused(int count)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new("f32", isMapped: false);
        using IModelRuntime runtime = backend.Build(small.Request());
        Assert.Equal($"batch: row 0: expected 1 to 64 best tokens, found {count}", Assert.Throws<TesseraException>(() => small.Logits(runtime, count)).Message);
    }

    [Fact]
    public void A_buffer_that_does_not_fit_is_a_typed_error()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { MemoryLimit = 1 << 16 });
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new("f32", isMapped: false);
        Assert.Throws<DeviceMemoryException>(() => backend.Build(small.Request(maxOutputs: 4096)));
    }
}
