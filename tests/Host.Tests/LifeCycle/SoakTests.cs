using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>
/// A serving process, its clients and an administrator who switches plugins without end. The short form is what every run has; see <see cref="LongTests"/> for the long one.
/// </summary>
[Collection(ServingCollection.Name)]
public sealed class SoakTests : IDisposable
{
    private const int Clients = 48, Activations = 30;
    private const string PublisherName = "soak";

    private static readonly int s_tokens = LongTests.AreWanted ? 600 : 100, s_pause = LongTests.AreWanted ? 2_000 : 50;
    private static readonly int s_cycles = LongTests.AreWanted ? 400 : 90, s_settled = 50;

    /// <summary>What the collector's own ups and downs may come to.</summary>
    private const double Growth = 1.05;

    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly int _port = Relay.FreePort();

    public void Dispose()
    {
        _key.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Thirty_activations_of_which_six_are_bad_fail_no_stream_and_leave_nothing()
    {
        await using RelayProcess host = await StartAsync("probationSeconds: 1\n  maxSlowdown: 0");
        using CancellationTokenSource stop = new();
        Tally tally = new();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(i => ClientAsync(host, (char)('a' + i % 26), tally, stop.Token))];
        await TestServer.UntilAsync(() => tally.Running == Clients, "all clients stream");

        int step = 1, good = 0, bad = 0;
        for (int i = 1; i <= Activations; i++)
        {
            string version = $"1.{i}.0";
            if (i % 5 == 0)
            {
                await BadAsync(host, i / 5, version, step);
                bad++;
            }
            else
            {
                // The first half lets streams end where they began, and answers otherwise than the one before; the second half moves them, and answers the same.
                bool moves = i > Activations / 2;
                step = moves ? step : 1 + i % 25;
                await host.Admin.InstallAndActivateAsync(Signed(version, step: step, drain: moves ? 0 : 600), version);
                good++;
            }
            await Task.Delay(s_pause, TestContext.Current.CancellationToken);
        }
        Assert.Equal((24, 6), (good, bad));
        await TestServer.UntilAsync(() => tally.Streams >= 2 * Clients, "every client has had another stream");
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.Empty(tally.Problems);
        Assert.InRange(tally.Migrated, 1, int.MaxValue);

        // Every generation but the last is gone, its assembly with it: none drains, is stuck or leaks.
        await UntilAloneAsync(host);
        TestContext.Current.TestOutputHelper?.WriteLine($"{tally.Streams} streams, {tally.Migrated} of them migrated, {good} activations and {bad} that were refused or rolled back");
    }

    [Fact]
    public async Task Loading_using_and_unloading_over_and_over_takes_no_more_memory()
    {
        // The host's own methods, compiled again as they get hot, take memory for the first two minutes: some 10 MiB, which is more than what is looked for.
        await using RelayProcess host = await StartAsync("probationSeconds: 0\n  drainSeconds: 0", ("DOTNET_TieredCompilation", "0"));
        string[] versions = ["2.0.0", "2.1.0"];
        foreach (string version in versions)
            await host.Admin.InstallAsync(Signed(version, delay: 0));
        List<long> bytes = [];
        for (int cycle = 0; cycle < s_cycles; cycle++)
        {
            await host.Admin.DoAsync("activate", $"{Relay.Id}@{versions[cycle % 2]}");
            Assert.Equal("bcd", await host.AskAsync());
            bytes.Add(host.ResidentBytes);
        }
        await UntilAloneAsync(host);
        long settled = Median(bytes[(s_settled - 10)..(s_settled + 1)]), last = Median(bytes[^11..]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{s_cycles} cycles: {bytes[0] >> 20} MiB after the first, {settled >> 20} MiB after {s_settled}, {last >> 20} MiB in the end");
        Assert.True(last < settled * Growth, $"{settled} bytes after {s_settled} cycles, {last} after {s_cycles}");
    }

    private async Task<RelayProcess> StartAsync(string plugins, params (string Name, string Value)[] environment)
    {
        Relay.Write(_folder, _port, options: "");
        // The package of the folder is signed like all others: nothing unsigned is let in.
        Sign(Path.Combine(_folder.Path, "plugins", Relay.Id));
        return await RelayProcess.StartAsync(Configure(plugins), _port, environment);
    }

    private string Configure(string plugins) =>
        _folder.Write("host.yaml", Relay.Yaml(_port, plugins, options: "").Replace("allowUnsigned: true", $"publishers: {{ {PublisherName}: \"{Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())}\" }}", StringComparison.Ordinal));

    /// <summary>One stream after the other; each must be of one version from its first letter to its last.</summary>
    private static async Task ClientAsync(RelayProcess host, char prompt, Tally tally, CancellationToken stop)
    {
        bool first = true;
        while (!stop.IsCancellationRequested)
        {
            RelayStream stream = RelayStream.Start(host.Client, prompt, s_tokens);
            try
            {
                if (first)
                    await TestServer.UntilAsync(() => stream.Length > 0 || stream.Text.IsCompleted, "it streams");
                tally.Begin(first);
                first = false;
                string text = await stream.Text;
                if (Enumerable.Range(1, 25).All(step => text != Relay.Expect(prompt, s_tokens, step)))
                    tally.Add($"mixed ({stream.Migrations} migrations): {text}");
                tally.End(stream.Migrations);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException)
            {
                tally.Add(e.Message);
            }
        }
    }

    /// <summary>The six ways to be bad.</summary>
    private async Task BadAsync(RelayProcess host, int kind, string version, int step)
    {
        switch (kind)
        {
            case 1:
                Assert.Contains("is no assembly", await host.Admin.RefusedAsync(Signed(version, change: f => File.WriteAllText(Path.Combine(f, "Tessera.Test.Relay.dll"), "MZ"))), StringComparison.Ordinal);
                return;
            case 2:
                Assert.Contains("has SHA-256", await host.Admin.RefusedAsync(Signed(version, after: f => File.AppendAllText(Path.Combine(f, "Tessera.Test.Relay.dll"), "x"))), StringComparison.Ordinal);
                return;
            case 3:
                Assert.Contains("the package is not signed", await host.Admin.RefusedAsync(Signed(version, after: f => File.Delete(Path.Combine(f, PackageSignature.FileName)))), StringComparison.Ordinal);
                return;
            case 4:
                Assert.Contains("built for contract 9.9", await host.Admin.RefusedAsync(Signed(version, edit: m => m["contract"] = "9.9")), StringComparison.Ordinal);
                return;
            case 5:
                await host.Admin.InstallAsync(Signed(version, fault: "wrong"));
                Assert.Contains("differs from the float64 reference", await host.Admin.RefusedAsync("activate", $"{Relay.Id}@{version}"), StringComparison.Ordinal);
                return;
            default:
                // It throws once it serves: the one before must have proved itself, or there is another to go back to; and this one must not, before it throws.
                await UntilProvenAsync(host);
                Configure("probationSeconds: 600\n  maxSlowdown: 0");
                await host.UntilMetricAsync("tessera_configuration_reloads_total{result=\"applied\"} 1");
                await host.Admin.InstallAndActivateAsync(Signed(version, fault: "step", step: step, steps: 10), version);
                await host.Admin.UntilAsync($"{version} quarantined");
                return;
        }
    }

    private static async Task UntilProvenAsync(RelayProcess host)
    {
        for (int i = 0; i < 4800; i++)
        {
            if (!(await host.Admin.ListAsync()).Any(l => l.TryGetProperty("probation", out _)))
                return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Fail("the probation does not end");
    }

    private static async Task UntilAloneAsync(RelayProcess host)
    {
        string[] loaded = [];
        for (int i = 0; i < 7200; i++)
        {
            loaded = [.. (await host.Admin.LinesAsync()).Where(l => !l.EndsWith(" staged", StringComparison.Ordinal) && !l.EndsWith(" quarantined", StringComparison.Ordinal))];
            if (loaded is [var one] && one.EndsWith(" active", StringComparison.Ordinal))
                return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"still there: {string.Join(", ", loaded)}");
    }

    /// <summary>A signed version.</summary>
    private byte[] Signed(string version, string fault = "never", int step = 1, int delay = 8, int steps = 20, int? drain = null, Action<JsonObject>? edit = null, Action<string>? change = null, Action<string>? after = null) =>
        Relay.Version(_folder, version, fault, step, delay, steps, drain, edit: edit, change: folder =>
        {
            change?.Invoke(folder);
            Sign(folder);
            after?.Invoke(folder);
        });

    private void Sign(string folder)
    {
        string path = Path.Combine(folder, PluginManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        manifest["publisher"] = PublisherName;
        manifest.Remove("files");
        manifest["files"] = new JsonObject(PackageContent.Read(new PluginPackage(Relay.Id, folder)).Files.Where(f => f.Key is not (PluginManifest.FileName or PackageSignature.FileName)).Select(f => KeyValuePair.Create<string, JsonNode?>(f.Key, f.Value)));
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest);
        File.WriteAllBytes(path, bytes);
        File.WriteAllText(Path.Combine(folder, PackageSignature.FileName), PackageSignature.Sign(bytes, _key));
    }

    private static long Median(List<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private sealed class Tally
    {
        private readonly Lock _lock = new();
        private readonly List<string> _problems = [];

        public int Running { get; private set; }

        public int Streams { get; private set; }

        public int Migrated { get; private set; }

        public IReadOnlyList<string> Problems
        {
            get
            {
                lock (_lock)
                    return [.. _problems.Take(5)];
            }
        }

        public void Begin(bool isFirst)
        {
            lock (_lock)
                Running += isFirst ? 1 : 0;
        }

        public void End(int migrations)
        {
            lock (_lock)
                (Streams, Migrated) = (Streams + 1, Migrated + (migrations > 0 ? 1 : 0));
        }

        public void Add(string problem)
        {
            lock (_lock)
                _problems.Add(problem);
        }
    }
}
