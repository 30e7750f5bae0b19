using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Serving;

/// <summary>Plugins switched over REST while models are served.</summary>
[Collection(ServingCollection.Name)]
public sealed class PluginSwitchTests : IDisposable
{
    private const string Token = "let-me-in", Kernels = "kernels.cpu";
    private const int Streams = 8, Tokens = 3000;
    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_upgrade_and_its_way_back_fail_no_stream_and_the_old_assemblies_are_collected()
    {
        await using TestServer server = await StartAsync();
        using HttpClient admin = Admin(Token);
        Task<string>[] streams = new Task<string>[Streams];
        LiveStream[] live = new LiveStream[Streams];
        for (int i = 0; i < Streams; i++)
        {
            live[i] = new LiveStream(await server.SendAsync("/v1/completions", new { prompt = $"{(char)('a' + i)}", max_tokens = Tokens, temperature = 0, stream = true }));
            streams[i] = live[i].ReadAsync();
        }
        await TestServer.UntilAsync(() => live.All(s => s.Length > 0), "all streams run");
        WeakReference first = server.Host.Plugins.Get(Kernels).Assembly;

        JsonElement installed = await InstallAsync(admin, Repacked(Kernels, "0.9.0"));
        Assert.Equal((Kernels, "0.9.0"), (installed.GetProperty("id").GetString(), installed.GetProperty("version").GetString()));
        JsonElement switched = await PostAsync(admin, "activate", Kernels, HttpStatusCode.OK);
        Assert.Equal("[\"chain\"]", switched.GetProperty("models").GetRawText());
        Assert.Equal(["0.1.0 draining", "0.9.0 active"], await LinesAsync(admin));
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        Assert.True(first.IsAlive);

        string[] texts = await Task.WhenAll(streams);
        for (int i = 0; i < Streams; i++)
            Assert.Equal(ChainModel.ExpectText('a' + i, Tokens), texts[i]);
        await TestServer.UntilAsync(() => !first.IsAlive, "the old assembly is collected");

        await PostAsync(admin, "rollback", Kernels, HttpStatusCode.OK);
        Assert.Contains("0.1.0 active", await LinesAsync(admin));
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        await TestServer.UntilAsync(() => server.Host.Plugins.Retired.Count == 0, "nothing is left of the one between");
        await PostAsync(admin, "remove", Kernels, HttpStatusCode.OK);
        Assert.Equal(["0.1.0 active"], await LinesAsync(admin));
    }

    [Fact]
    public async Task A_switched_plugin_is_the_one_that_the_next_start_loads()
    {
        await using (TestServer server = await StartAsync(_folder.Path))
        {
            using HttpClient admin = Admin(Token);
            await InstallAsync(admin, Repacked(Kernels, "0.9.0"));
            await PostAsync(admin, "activate", $"{Kernels}@0.9.0", HttpStatusCode.OK);
        }
        await using TestServer next = await StartAsync(_folder.Path);
        Assert.Equal("0.9.0", next.Host.Plugins.Get(Kernels).Version);
        Assert.Equal("def", (await next.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
    }

    [Fact]
    public async Task A_host_that_was_killed_while_it_switched_starts_on_what_was_in_use()
    {
        await using (TestServer server = await StartAsync(_folder.Path))
        {
            using HttpClient admin = Admin(Token);
            await InstallAsync(admin, Repacked(Kernels, "0.9.0"));
        }
        // What the journal looks like between the first write of a switch and its last.
        PluginStore store = new(Path.Combine(_folder.Path, "store"));
        store.Update(Kernels, r => r.Try(store.Find(Kernels).Version));
        await using TestServer next = await StartAsync(_folder.Path);
        Assert.Equal("0.1.0", next.Host.Plugins.Get(Kernels).Version);
        Assert.Null(store.Read().Of(Kernels).Pending);
    }

    [Fact]
    public async Task Packages_that_fail_at_any_step_leave_everything_as_it_was()
    {
        await using TestServer server = await StartAsync();
        using HttpClient admin = Admin(Token);
        await RefusedAsync(admin, "no archive"u8.ToArray(), "no plugin package");
        await RefusedAsync(admin, Repacked(Kernels, "0.9.1", edit: m => m["contract"] = "9.9"), "built for contract 9.9");
        await RefusedAsync(admin, Repacked(Kernels, "0.9.2", change: f => File.AppendAllText(Path.Combine(f, "Tessera.Kernels.Cpu.dll"), "x"), list: true), "has SHA-256");
        await RefusedAsync(admin, Repacked(Kernels, "0.9.3", change: f => File.WriteAllText(Path.Combine(f, "Tessera.Kernels.Cpu.dll"), "MZ")), "is no assembly");

        // Verifies, and its entry type is not there.
        await InstallAsync(admin, Repacked(Kernels, "0.9.4", edit: m => m["entryType"] = "Tessera.Nobody"));
        JsonElement error = await PostAsync(admin, "activate", $"{Kernels}@0.9.4", HttpStatusCode.Conflict);
        Assert.Contains("has no type", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        // Loads, and computes something else than the operations mean.
        await InstallAsync(admin, Repacked(Kernels, "0.9.5", source: Path.Combine(AppContext.BaseDirectory, "packages", TestPackages.Echo)));
        error = await PostAsync(admin, "activate", $"{Kernels}@0.9.5", HttpStatusCode.Conflict);
        Assert.Contains("backend 'echo': differs from the float64 reference", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        // Loads, and no model can be built with it.
        await InstallAsync(admin, Repacked(Kernels, "0.9.6", source: Path.Combine(TestServer.Executable, "plugins", "tokenizer.spm")));
        error = await PostAsync(admin, "activate", $"{Kernels}@0.9.6", HttpStatusCode.Conflict);
        Assert.Contains("no kernel backend", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        await TestServer.UntilAsync(() => server.Host.Plugins.Retired.Count == 0, "what was tried is gone");
        Assert.Equal(["0.1.0 active", "0.9.4 quarantined", "0.9.5 quarantined", "0.9.6 quarantined"], await LinesAsync(admin));
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
    }

    [Fact]
    public async Task Only_the_token_on_the_admin_address_lets_in()
    {
        await using TestServer server = await StartAsync();
        using HttpClient wrong = Admin("guess"), right = Admin(Token);
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync("/admin/plugins", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await right.GetAsync("/admin/plugins", TestContext.Current.CancellationToken)).StatusCode);
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal(404, (await server.GetAsync("/admin/plugins")).Status);
    }

    private Task<TestServer> StartAsync(string? at = null) =>
        TestServer.StartAsync(more: $"admin: {{ urls: [\"http://127.0.0.1:{_port}\"], token: {Token} }}", plugins: $"allowUnsigned: true{(at is null ? "" : $", store: \"{Path.Combine(at, "store")}\"")}");

    private HttpClient Admin(string token) => new() { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };

    private static async Task<JsonElement> InstallAsync(HttpClient admin, byte[] package, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage response = await admin.PostAsync("/admin/plugins/install", new ByteArrayContent(package), TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, text);
        return JsonElement.Parse(text);
    }

    private static async Task RefusedAsync(HttpClient admin, byte[] package, string reason) =>
        Assert.Contains(reason, (await InstallAsync(admin, package, HttpStatusCode.Conflict)).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

    private static async Task<JsonElement> PostAsync(HttpClient admin, string action, string plugin, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await admin.PostAsJsonAsync($"/admin/plugins/{action}", new { plugin }, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, text);
        return JsonElement.Parse(text);
    }

    /// <summary>Version and state of everything that is there of the kernels.</summary>
    private static async Task<string[]> LinesAsync(HttpClient admin)
    {
        JsonElement list = await admin.GetFromJsonAsync<JsonElement>("/admin/plugins", TestContext.Current.CancellationToken);
        return [.. list.GetProperty("plugins").EnumerateArray().Where(l => l.GetProperty("id").GetString() == Kernels)
            .Select(l => $"{l.GetProperty("version").GetString()} {l.GetProperty("state").GetString()}").Order()];
    }

    /// <summary>A package of the build as somebody else's: another version, changed as the test wants.</summary>
    private byte[] Repacked(string id, string version, Action<JsonObject>? edit = null, Action<string>? change = null, bool list = false, string? source = null)
    {
        string folder = Path.Combine(_folder.Path, version, id), tpk = Path.Combine(_folder.Path, version, "p.tpk");
        PackageFiles.Copy(source ?? Path.Combine(TestServer.Executable, "plugins", id), folder);
        string path = Path.Combine(folder, PluginManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        (manifest["id"], manifest["version"]) = (id, version);
        edit?.Invoke(manifest);
        PluginPackage package = new(id, folder);
        if (list)
            manifest["files"] = new JsonObject(PackageContent.Read(package).Files.Where(f => f.Key != PluginManifest.FileName).Select(f => KeyValuePair.Create<string, JsonNode?>(f.Key, f.Value)));
        File.WriteAllText(path, manifest.ToJsonString());
        change?.Invoke(folder);
        PackageArchive.Create(package, PackageContent.Read(package), tpk);
        return File.ReadAllBytes(tpk);
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
