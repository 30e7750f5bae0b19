using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
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
    private readonly int _port = LifeCycle.Relay.FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_upgrade_and_its_way_back_fail_no_stream_and_the_old_assemblies_are_collected()
    {
        await using TestServer server = await StartAsync();
        using HttpClient admin = Admin(Token);
        JsonElement installed = await InstallAsync(admin, Repacked(Kernels, "0.9.0"));
        Assert.Equal((Kernels, "0.9.0"), (installed.GetProperty("id").GetString(), installed.GetProperty("version").GetString()));
        Task<string>[] streams = new Task<string>[Streams];
        LiveStream[] live = new LiveStream[Streams];
        for (int i = 0; i < Streams; i++)
        {
            live[i] = new LiveStream(await server.SendAsync("/v1/completions", new { prompt = $"{(char)('a' + i)}", max_tokens = Tokens, temperature = 0, stream = true }));
            streams[i] = live[i].ReadAsync();
        }
        await TestServer.UntilAsync(() => live.All(s => s.Length > 0), "all streams run");
        WeakReference first = server.Host.Plugins.Get(Kernels).Assembly;

        JsonElement switched = await PostAsync(admin, "activate", Kernels, HttpStatusCode.OK);
        Assert.Equal("[\"chain\"]", switched.GetProperty("models").GetRawText());
        string[] lines = await LinesAsync(admin);
        Assert.Contains("0.9.0 active", lines);
        // What has not ended yet needs the old one.
        if (!streams.Any(s => s.IsCompleted))
            Assert.Contains("0.1.0 draining", lines);
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());

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

        // Loads, and does not know the model's operations.
        await InstallAsync(admin, Repacked(Kernels, "0.9.5", source: Path.Combine(AppContext.BaseDirectory, "packages", TestPackages.Echo)));
        error = await PostAsync(admin, "activate", $"{Kernels}@0.9.5", HttpStatusCode.Conflict);
        Assert.Contains("needs operation", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        // Loads, and no model can be built with it.
        await InstallAsync(admin, Repacked(Kernels, "0.9.6", source: Path.Combine(TestServer.Executable, "plugins", "tokenizer.spm")));
        error = await PostAsync(admin, "activate", $"{Kernels}@0.9.6", HttpStatusCode.Conflict);
        Assert.Contains("no kernel backend", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        await TestServer.UntilAsync(() => server.Host.Plugins.Retired.Count == 0, "what was tried is gone");
        Assert.Equal(["0.1.0 active", "0.9.4 quarantined", "0.9.5 quarantined", "0.9.6 quarantined"], await LinesAsync(admin));
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        Assert.Equal(200, (await server.GetAsync("/ready")).Status);
    }

    [Theory]
    [InlineData("0.9", "of the speed of the version that it replaces; at least 0.90 is asked for (plugins.speedFloor)")]
    [InlineData("0", null)]
    public async Task A_version_that_is_much_slower_is_refused_unless_the_setting_is_off(string floor, string? reason)
    {
        Assert.SkipUnless(Avx2.IsSupported || AdvSimd.IsSupported, "without vectors all versions are as fast as the scalar one");
        await using TestServer server = await StartAsync(more: $"speedFloor: {floor}");
        using HttpClient admin = Admin(Token);
        await InstallAsync(admin, Repacked(Kernels, "0.9.0", edit: m => m["options"]!["isa"]!["default"] = "scalar"));
        JsonElement answer = await PostAsync(admin, "activate", Kernels, reason is null ? HttpStatusCode.OK : HttpStatusCode.Conflict);
        if (reason is not null)
            Assert.Contains(reason, answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(reason is null ? "0.9.0" : "0.1.0", server.Host.Plugins.Get(Kernels).Version);
    }

    [Fact]
    public async Task A_decoding_strategy_is_switched_like_any_other_member()
    {
        const string Spec = "spec.decoding";
        await using TestServer server = await StartAsync(keys: $"decoding: {Spec}");
        using HttpClient admin = Admin(Token);
        LiveStream live = new(await server.SendAsync("/v1/completions", new { prompt = "a", max_tokens = Tokens, temperature = 0, stream = true }));
        Task<string> running = live.ReadAsync();
        await TestServer.UntilAsync(() => live.Length > 0, "the stream runs");
        WeakReference first = server.Host.Plugins.Get(Spec).Assembly;
        await InstallAsync(admin, Repacked(Spec, "0.9.0"));
        Assert.Equal("[\"chain\"]", (await PostAsync(admin, "activate", Spec, HttpStatusCode.OK)).GetProperty("models").GetRawText());
        Assert.Equal("0.9.0", server.Host.Plugins.Get(Spec).Version);
        Assert.Equal("def", (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 3, temperature = 0 })).Ok().Content());
        Assert.Equal(ChainModel.ExpectText('a', Tokens), await running);
        await TestServer.UntilAsync(() => !first.IsAlive, "the old assembly is collected");

        // One that does not load the strategy it says is refused, and the one in use stays.
        await InstallAsync(admin, Repacked(Spec, "0.9.1", edit: m => m["options"]!["sources"]!["default"] = "oracle"));
        JsonElement error = await PostAsync(admin, "activate", $"{Spec}@0.9.1", HttpStatusCode.Conflict);
        Assert.Contains("found 'oracle'", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("0.9.0", server.Host.Plugins.Get(Spec).Version);
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

    private Task<TestServer> StartAsync(string? at = null, string keys = "", string more = "maxSlowdown: 0") =>
        TestServer.StartAsync(more: $"admin: {{ urls: [\"http://127.0.0.1:{_port}\"], token: {Token} }}", plugins: $"allowUnsigned: true, probationSeconds: {(at is null ? 1 : 0)}, {more}{(at is null ? "" : $", store: \"{Path.Combine(at, "store")}\"")}", keys: keys);

    private HttpClient Admin(string token) => new() { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) }, Timeout = TimeSpan.FromMinutes(5) };

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
}
