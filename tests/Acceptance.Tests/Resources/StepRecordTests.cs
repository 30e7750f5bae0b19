using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Resources;

/// <summary>Continuous batching, as the step records show it.</summary>
public sealed class StepRecordTests(SharedStack stack)
{
    private const int Streams = 8, Tokens = 32;

    [Fact]
    public async Task Eight_streams_need_fewer_than_a_quarter_as_many_steps_as_tokens()
    {
        await using SteppedEngine engine = Engine(stack.Host);
        GenerationStream[] streams = [.. Enumerable.Range(0, Streams).Select(i => engine.Submit(SeededModel.Tokens(i, 10 + i), Tokens))];
        engine.Run();
        int tokens = streams.Sum(s => SteppedEngine.Read(s).Tokens.Length);
        Assert.Equal(Streams * Tokens, tokens);
        Assert.Equal(tokens, engine.Records.Sum(r => r.Emitted));
        Assert.True(engine.Records.Count * 4 < tokens, $"{engine.Records.Count} steps for {tokens} tokens");
    }

    [Fact]
    public async Task A_step_holds_rows_of_a_prompt_and_of_streams_that_decode()
    {
        await using SteppedEngine engine = Engine(stack.Host);
        GenerationStream first = engine.Submit(SeededModel.Tokens(1, 5), Tokens);
        while (first.Unread == 0)
            Assert.True(engine.Engine.Step());
        GenerationStream second = engine.Submit(SeededModel.Tokens(2, 200), Tokens);
        engine.Run();
        Assert.Contains(engine.Records, r => r.PrefillRows > 0 && r.DecodeRows > 0);
        Assert.Equal(205, engine.Records.Sum(r => r.PrefillRows));
        Assert.Equal(Tokens, SteppedEngine.Read(first).Tokens.Length);
        Assert.Equal(Tokens, SteppedEngine.Read(second).Tokens.Length);
    }

    private static SteppedEngine Engine(HostStack stack)
    {
        using TemporaryFile file = new();
        new SeededModel { Type = "q8_0", Layers = 1 }.Write(file.Path, stack.Plugins);
        return new SteppedEngine(stack.Build(file.Path, ActivationPrecision.Fast, 512), new EngineOptions());
    }
}
