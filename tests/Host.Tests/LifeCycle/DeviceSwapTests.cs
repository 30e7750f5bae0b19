using Tessera.Host.Models;
using Tessera.Host.Tests.Serving;
using Tessera.MetalEmulator;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>host.yaml moves a model from the processor to a GPU and back while requests run. The emulator stands in for the GPU, in a plugin that the host has loaded.</summary>
[Collection(ServingCollection.Name)]
public sealed class DeviceSwapTests
{
    private const string Processor = "kernels.cpu", Device = "kernels.metal";
    private const int Streams = 3, Seen = 8;

    // So many rounds of the model's cycle of 37 tokens that the streams outlast the steps that are not held; and a few, so that no text ends within a character.
    private const int Tokens = 54 * 37 + 3;

    [Fact]
    public async Task Streams_go_on_from_the_processor_to_the_device_and_back()
    {
        using EmulatorSession session = Emulator.Begin();
        using IDisposable installation = Emulator.InstallInto("Tessera.Kernels.Metal");
        TemporaryFolder folder = new();
        string model = folder.Write("chain.gguf", ChainModel.Bytes()), file = folder.Write("host.yaml", Yaml(model, Processor, Device));
        await using (TestServer server = await TestServer.StartAsync(folder, file, model))
        {
            Assert.Equal(Processor, Backend(server));
            RelayStream[] streams;
            using (TeamBrake brake = new(server.Host.Team))
            {
                streams = [.. Enumerable.Range(0, Streams).Select(i => RelayStream.Start(server.Client, (char)('a' + i), Tokens))];
                await TestServer.UntilAsync(() =>
                {
                    brake.Step();
                    return HasGrown(streams, new int[Streams]);
                }, "all streams run on the processor");
                File.WriteAllText(file, Yaml(model, Device, Processor));
                await TestServer.UntilAsync(() => server.Model.Generation == 2 && server.Model.Draining == 1, "the device has the model, and the processor its step", seconds: 300);
                Assert.Equal(Device, Backend(server));
            }
            await MovedAsync(server, streams);
            Assert.Equal("ready", (await server.GetAsync("/ready")).Ok().Json.GetProperty("models").GetProperty("chain").GetString());
            await TestServer.UntilAsync(() => session.Count("command-buffers") > Seen, "steps run on the device");

            session.HoldCommands(true);
            File.WriteAllText(file, Yaml(model, Processor, Device));
            await TestServer.UntilAsync(() => server.Model.Generation == 3, "the processor has the model again", seconds: 300);
            Assert.Equal(Processor, Backend(server));
            session.HoldCommands(false);
            await MovedAsync(server, streams);
            foreach (RelayStream stream in streams)
            {
                Assert.Equal(ChainModel.ExpectText(stream.Prompt, Tokens), await stream.Text);
                Assert.Equal(2, stream.Migrations);
            }
        }
    }

    private static async Task MovedAsync(TestServer server, RelayStream[] streams)
    {
        await TestServer.UntilAsync(() => server.Model.Draining == 0, "the old composition is gone");
        int[] before = [.. streams.Select(s => s.Length)];
        await TestServer.UntilAsync(() => HasGrown(streams, before) || streams.All(s => s.Text.IsCompleted), "all streams go on");
    }

    private static bool HasGrown(RelayStream[] streams, int[] before) => streams.Zip(before).All(s => s.First.Length >= s.Second + Seen);

    // The plugin that computes now.
    private static string? Backend(TestServer server)
    {
        using EngineLease lease = server.Model.Acquire();
        return ((OpenModel)lease.Composition.Leases).Backend?.Id;
    }

    private static string Yaml(string model, string first, string second) => TestServer.Yaml(model, plugins: "drainSeconds: 0, stuckSeconds: 600", keys: $"kernels: [{first}, {second}]", more: "engine: { maxSequences: 8, maxBatchTokens: 64 }");
}
