using Tessera.Conformance.SelfTest;
using Tessera.Host.Cli;
using Tessera.Host.Tests.Serving;
using Tessera.MetalEmulator;

namespace Tessera.Host.Tests.Cli;

/// <summary>What <c>tessera metal-selftest MODEL</c> does with a model: on the processor beside itself, and on the emulator's GPU.</summary>
[Collection(ServingCollection.Name)]
public sealed class ModelSelfTestTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task On_the_processor() => RunAsync("kernels.cpu");

    [Fact]
    public async Task On_a_device()
    {
        // The emulator computes two prompts of 512 tokens and more.
        LongTests.Require();
        using EmulatorSession session = Emulator.Begin();
        using IDisposable installation = Emulator.InstallInto("Tessera.Kernels.Metal");
        await RunAsync("kernels.metal");
        Assert.True(session.Count("command-buffers") > 64, $"{session.Count("command-buffers")} steps on the device");
    }

    private async Task RunAsync(string plugin)
    {
        string config = _folder.Write("host.yaml", TestServer.Yaml(_folder.Write("chain.gguf", ChainModel.Bytes()), plugins: "allowUnsigned: true", keys: "kernels: [kernels.cpu, kernels.metal]"));
        await using HostSession session = HostSession.Open(config, null);
        SelfTestResult[] results = [.. ModelSelfTest.Run(session, plugin)];
        Assert.All(results, r => Assert.True(r.Passed, $"{r}"));
        Assert.Equal(["chain, float32, beside kernels.cpu", "chain, fast, as configured"], results.Select(r => r.What));
        Assert.EndsWith("the best tokens of 16 of 16 rows are decided by more", results[0].Found, StringComparison.Ordinal);
        Assert.Matches(@"^[0-9.]+ tokens/s of a prompt of 512, [0-9.]+ tokens/s of one stream$", results[1].Found);
    }
}
