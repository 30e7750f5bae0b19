using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Invariance;

/// <summary>engine.batchInvariant: tokens and logits of a sequence do not depend on what else is computed, on chunks, on the prefix cache, on preemption or on the number of lanes.</summary>
public sealed class InvarianceTests(SharedStack stack)
{
    [Theory]
    [InlineData("q8_0"), InlineData("q4_k"), InlineData("f16")]
    public async Task A_model_of_seeded_weights_gives_the_same_bits_in_any_company(string type)
    {
        using TemporaryFile file = new();
        new SeededModel { Type = type }.Write(file.Path, stack.Host.Plugins);
        await RunAsync(file.Path);
    }

    [Theory]
    [InlineData("llama_q8_0"), InlineData("llama_q4_k_m"), InlineData("llama_gqa")]
    public async Task A_tiny_model_gives_the_same_bits_in_any_company(string name) =>
        await RunAsync(Shared.Require("fixtures", "tiny-models", name + ".gguf"));

    private async Task RunAsync(string model)
    {
        InvarianceRun run = new(model);
        for (int lanes = 1; lanes <= 3; lanes++)
            await run.RunAsync(stack.WithLanes(lanes));
        TestContext.Current.TestOutputHelper?.WriteLine($"{run.Compared} rows of logits were equal to known ones, bit for bit");
    }
}
