using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>How weights come to the device: mapped, copied, in another form, or not at all.</summary>
public sealed class WeightTests
{
    [Theory]
    [InlineData("q4_k", true, "mapped")]
    [InlineData("q4_k", false, "copied: its file is not mapped")]
    [InlineData("iq2_xxs", true, "transcoded from iq2_xxs at load, which has no Metal kernel")]
    public void Explain_says_how_a_weight_came_to_the_device(string type, bool isMapped, string how)
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel small = new(type, isMapped);
        using IModelRuntime runtime = backend.Build(small.Request());
        Assert.All(runtime.Explain().Where(l => l.StartsWith('w')), l => Assert.Contains(how, l, StringComparison.Ordinal));
        Assert.Contains(runtime.Explain(), l => l.StartsWith("w [", StringComparison.Ordinal));
        Assert.InRange(Numbers.Relative(small.Expected(), small.Logits(runtime)), 0, 1e-6);
    }

    [Theory]
    [InlineData(ActivationPrecision.Float32, "f32")]
    [InlineData(ActivationPrecision.Fast, "f16")]
    public void Log_and_explain_name_tensor_type_and_form_of_what_is_transcoded(ActivationPrecision activations, string form)
    {
        using EmulatorSession session = Emulator.Begin();
        ListLogger logger = new();
        using MetalBackend backend = new(logger);
        using SmallModel small = new("iq2_xxs", isMapped: true, activations);
        using IModelRuntime runtime = backend.Build(small.Request());
        Assert.Equal([$"metal: tensor 'w' of type 'iq2_xxs' has no Metal kernel: transcoded to {form} at load"], logger.Lines);
        Assert.Contains(runtime.Explain(), l => l.StartsWith("w [", StringComparison.Ordinal) && l.Contains($" iq2_xxs: {form} product", StringComparison.Ordinal));
    }

    [Fact]
    public void What_cannot_be_transcoded_is_refused_by_name()
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        using SmallModel unknown = new("iq2_xxs", isMapped: true), large = new("iq2_xxs", isMapped: true, ActivationPrecision.Fast, LargestFactor);
        string text = Assert.Throws<UnsupportedModelException>(() => backend.Build(unknown.Request(types: new QuantizationRegistry(new F32())))).Message;
        Assert.Contains("tensor 'w'", text, StringComparison.Ordinal);
        Assert.Contains("'iq2_xxs'", text, StringComparison.Ordinal);
        text = Assert.Throws<UnsupportedModelException>(() => backend.Build(large.Request())).Message;
        Assert.StartsWith("metal: node 'embed': tensor 'w' of type 'iq2_xxs' has no Metal kernel, and its value ", text, StringComparison.Ordinal);
        Assert.Contains("does not fit f16", text, StringComparison.Ordinal);
    }

    // A block begins with its factor, a half.
    private static void LargestFactor(byte[] bytes) => BitConverter.TryWriteBytes(bytes, Half.MaxValue);

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }
}
