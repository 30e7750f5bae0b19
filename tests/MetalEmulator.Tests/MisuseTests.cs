namespace Tessera.MetalEmulator.Tests;

/// <summary>What a Mac's validation layer, or a crash, would say of the host's code is a finding.</summary>
public sealed class MisuseTests
{
    private const string Kernels = """
        struct Arguments { uint n; float4 v; };
        kernel void k(device float * y [[buffer(0)]], constant Arguments & a [[buffer(1)]], uint i [[thread_position_in_grid]]) { y[i] = a.n; }
        kernel void group(device float * y [[buffer(0)]], threadgroup float * t [[threadgroup(0)]], uint i [[thread_index_in_threadgroup]]) { t[i] = i; y[i] = t[i]; }
        kernel void big(device float * y [[buffer(0)]], threadgroup float * t [[threadgroup(0)]], uint i [[thread_index_in_threadgroup]]) { threadgroup float s[6000]; s[i] = t[i]; y[i] = s[i ^ 1]; }
        kernel void huge(device float * y [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) { threadgroup float s[8193]; s[i] = i; y[i] = s[i ^ 1]; }
        """;

    private static void Expect(string finding, Action<Gpu> misuse)
    {
        using EmulatorSession session = Emulator.Begin();
        using (Gpu gpu = new())
            misuse(gpu);
        Assert.Contains(session.TakeFindings(), f => f.Contains(finding, StringComparison.Ordinal));
    }

    private static void ExpectOfDispatch(string finding, Action<Gpu, nint> encode, string kernel = "k", Size? threads = null) => Expect(finding, gpu =>
    {
        nint pipeline = gpu.Pipeline(Kernels, kernel);
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setComputePipelineState:", pipeline);
        encode(gpu, encoder);
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size(1), threads ?? new Size(32));
        Assert.Equal(Gpu.Failed, Gpu.Finish(commands, encoder));
        Assert.Contains(finding, Message.Text(Message.To(Message.To(commands, "error"), "localizedDescription")), StringComparison.Ordinal);
    });

    private static void Bind(Gpu gpu, nint encoder) => Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(4096), 0, 0);

    private static void Arguments(Gpu gpu, nint encoder) => Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(32), 0, 1);

    [Fact]
    public void A_buffer_that_is_not_bound() => ExpectOfDispatch("buffer(0) (y) is not bound", Arguments);

    [Fact]
    public void Arguments_that_are_shorter_than_their_type() => ExpectOfDispatch("buffer(1) (a) has 16 bytes, its type 32", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(16), 0, 1);
    });

    [Fact]
    public void An_offset_that_is_not_aligned() => ExpectOfDispatch("bound at offset 8, its type is aligned to 16 bytes", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(64), 8, 1);
    });

    [Fact]
    public void Too_many_threads() => ExpectOfDispatch("1056 threads per threadgroup, of at most 1024", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Arguments(gpu, encoder);
    }, threads: new Size(32, 33));

    [Fact]
    public void A_dispatch_of_no_threads() => ExpectOfDispatch("a dispatch of no threads", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Arguments(gpu, encoder);
    }, threads: new Size(0));

    [Fact]
    public void Too_much_threadgroup_memory() => ExpectOfDispatch("32784 bytes of threadgroup memory, of at most 32768", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Message.To(encoder, "setThreadgroupMemoryLength:atIndex:", 32784, 0);
    }, "group");

    [Fact]
    public void Too_much_threadgroup_memory_with_what_the_kernel_declares() => ExpectOfDispatch("40000 bytes of threadgroup memory, of at most 32768", (gpu, encoder) =>
    {
        Bind(gpu, encoder);
        Message.To(encoder, "setThreadgroupMemoryLength:atIndex:", 16000, 0);
    }, "big");

    [Fact]
    public void Threadgroup_memory_of_no_length() => ExpectOfDispatch("no length is set for threadgroup(0) (t)", Bind, "group");

    [Fact]
    public void A_dispatch_without_a_pipeline() => Expect("no compute pipeline state is set", gpu =>
    {
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size(1), new Size(1));
        Assert.Equal(Gpu.Failed, Gpu.Finish(commands, encoder));
    });

    [Fact]
    public void A_kernel_that_declares_too_much_threadgroup_memory_has_no_pipeline()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        Assert.Equal(0, gpu.Pipeline(gpu.Library(Kernels, out _), "huge", out string error));
        Assert.Contains("32772 bytes of threadgroup memory", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Commit_before_the_encoder_has_ended() => Expect("commit: the command buffer's encoder has not ended", gpu =>
    {
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(commands, "commit");
        Message.To(commands, "waitUntilCompleted");
        Assert.Equal(Gpu.Failed, (int)Message.To(commands, "status"));
        Message.To(encoder, "endEncoding");
    });

    [Fact]
    public void Commit_twice() => Expect("commit: the command buffer is already committed", gpu =>
    {
        nint commands = Message.To(gpu.Queue, "commandBuffer");
        Message.To(commands, "commit");
        Message.To(commands, "commit");
        Message.To(commands, "waitUntilCompleted");
    });

    [Fact]
    public void Waiting_before_commit() => Expect("waitUntilCompleted: the command buffer is not committed", gpu => Message.To(Message.To(gpu.Queue, "commandBuffer"), "waitUntilCompleted"));

    [Fact]
    public void Two_encoders_at_once() => Expect("previous encoder has not ended", gpu =>
    {
        (nint commands, nint encoder) = gpu.Encoder();
        Assert.Equal(0, Message.To(commands, "computeCommandEncoder"));
        Message.To(encoder, "endEncoding");
    });

    [Fact]
    public void Encoding_after_the_end() => Expect("setComputePipelineState: the encoder has ended", gpu =>
    {
        (_, nint encoder) = gpu.Encoder();
        Message.To(encoder, "endEncoding");
        Message.To(encoder, "setComputePipelineState:", 0);
    });

    [Fact]
    public void An_encoder_that_never_ends() => Expect("released without endEncoding", gpu => gpu.Encoder());

    [Fact]
    public void Encoding_into_a_committed_command_buffer() => Expect("already committed", gpu =>
    {
        nint commands = Message.To(gpu.Queue, "commandBuffer");
        Message.To(commands, "commit");
        Assert.Equal(0, Message.To(commands, "computeCommandEncoder"));
        Message.To(commands, "waitUntilCompleted");
    });

    [Fact]
    public void A_release_too_many() => Expect("'release' is sent to a deallocated MTLBuffer", gpu =>
    {
        nint buffer = Message.To(gpu.Device, "newBufferWithLength:options:", 16, 0);
        Message.To(buffer, "release");
        Message.To(buffer, "release");
    });

    [Fact]
    public void A_message_to_a_dead_object() => Expect("'length' is sent to a deallocated MTLBuffer", gpu =>
    {
        nint buffer = Message.To(gpu.Device, "newBufferWithLength:options:", 16, 0);
        Message.To(buffer, "release");
        Assert.Equal(0, Message.To(buffer, "length"));
    });

    [Fact]
    public void A_message_to_no_object() => Expect("sent to something that is no object", gpu => Message.To(gpu.Device + 8, "length"));

    [Fact]
    public void A_message_that_nobody_understands() => Expect("-[MTLDevice newTexture]: unrecognized selector", gpu => Message.To(gpu.Device, "newTexture"));

    [Fact]
    public void An_argument_of_the_wrong_class() => Expect("the argument is a MTLCommandQueue, not a MTLBuffer", gpu =>
    {
        (_, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Queue, 0, 0);
        Message.To(encoder, "endEncoding");
    });

    [Fact]
    public void A_buffer_released_while_a_command_buffer_that_does_not_hold_it_uses_it() => Expect("released before the command buffer that uses it has completed", gpu =>
    {
        nint pipeline = gpu.Pipeline(Kernels), y = Message.To(gpu.Device, "newBufferWithLength:options:", 4096, 0);
        nint commands = Message.To(gpu.Queue, "commandBufferWithUnretainedReferences"), encoder = Message.To(commands, "computeCommandEncoder");
        Message.To(encoder, "setComputePipelineState:", pipeline);
        Message.To(encoder, "setBuffer:offset:atIndex:", y, 0, 0);
        Arguments(gpu, encoder);
        Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size(1), new Size(32));
        Message.To(y, "release");
        Assert.Equal(Gpu.Failed, Gpu.Finish(commands, encoder));
    });

    [Theory]
    [InlineData(0, 4096, "the pointer must be page-aligned")]
    [InlineData(4, 4096, "the pointer must be page-aligned")]
    [InlineData(4096, 100, "the length 100 must be a multiple of the page size")]
    public void Memory_of_the_host_that_is_no_whole_pages(int address, int length, string finding) =>
        Expect(finding, gpu => Assert.Equal(0, Message.To(gpu.Device, "newBufferWithBytesNoCopy:length:options:deallocator:", address, length, 0, 0)));

    [Theory]
    [InlineData(0, "setBytes: 0 bytes")]
    [InlineData(4097, "setBytes: 4097 bytes")]
    public void Bytes_of_a_length_that_cannot_be_set(int length, string finding) => Expect(finding, gpu =>
    {
        (_, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setBytes:length:atIndex:", 0, length, 0);
        Message.To(encoder, "endEncoding");
    });

    [Fact]
    public void An_index_or_an_offset_beyond_the_end()
    {
        using EmulatorSession session = Emulator.Begin();
        using (Gpu gpu = new())
        {
            (_, nint encoder) = gpu.Encoder();
            Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(16), 0, 31);
            Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(16), 16, 0);
            Message.To(encoder, "setThreadgroupMemoryLength:atIndex:", 8, 0);
            Message.To(encoder, "endEncoding");
        }
        Assert.Collection(session.TakeFindings(),
            f => Assert.Contains("index 31 of at most 30", f, StringComparison.Ordinal),
            f => Assert.Contains("offset 16 is outside the buffer, which has 16 bytes", f, StringComparison.Ordinal),
            f => Assert.Contains("8 bytes at index 0; a multiple of 16", f, StringComparison.Ordinal));
    }

    [Fact]
    public void A_look_into_a_private_buffer() => Expect("a private buffer has none", gpu => Assert.Equal(0, Message.To(gpu.Buffer(16, 2 << 4), "contents")));

    [Fact]
    public void Something_autoreleased_outside_a_pool()
    {
        using EmulatorSession session = Emulator.Begin();
        nint name = Message.To(Message.Call("MTLCreateSystemDefaultDevice"), "name");
        Assert.Contains("NSString is autoreleased with no pool in place", Assert.Single(session.TakeFindings()), StringComparison.Ordinal);
        Message.To(name, "release");
    }

    [Fact]
    public void A_leak_is_told_by_class()
    {
        using EmulatorSession session = Emulator.Begin();
        nint buffer;
        using (Gpu gpu = new())
            buffer = Message.To(gpu.Device, "newBufferWithLength:options:", 16, 0);
        Assert.Equal(1, session.LiveObjects);
        Assert.Contains("1 MTLBuffer", session.Living, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(session.AssertClean);
        Message.To(buffer, "release");
        session.AssertClean();
    }

    [Fact]
    public void A_finding_that_the_test_does_not_take_fails_it()
    {
        EmulatorSession session = Emulator.Begin();
        Message.To(Message.Call("MTLCreateSystemDefaultDevice"), "newTexture");
        Assert.ThrowsAny<Exception>(session.Dispose);
    }
}
