using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>An administrator.</summary>
internal sealed class AdminClient(int port, string token) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) }, Timeout = TimeSpan.FromMinutes(5) };

    public void Dispose() => _http.Dispose();

    public async Task InstallAsync(byte[] package) => await ReadAsync(await _http.PostAsync("/admin/plugins/install", new ByteArrayContent(package), TestContext.Current.CancellationToken), HttpStatusCode.OK);

    /// <summary>Why a package is not taken in.</summary>
    public async Task<string> RefusedAsync(byte[] package) =>
        Message(await ReadAsync(await _http.PostAsync("/admin/plugins/install", new ByteArrayContent(package), TestContext.Current.CancellationToken), HttpStatusCode.Conflict));

    public async Task<JsonElement> DoAsync(string action, string plugin) =>
        await ReadAsync(await _http.PostAsJsonAsync($"/admin/plugins/{action}", new { plugin }, TestContext.Current.CancellationToken), HttpStatusCode.OK);

    /// <summary>Why something is not done.</summary>
    public async Task<string> RefusedAsync(string action, string plugin) =>
        Message(await ReadAsync(await _http.PostAsJsonAsync($"/admin/plugins/{action}", new { plugin }, TestContext.Current.CancellationToken), HttpStatusCode.Conflict));

    public async Task InstallAndActivateAsync(byte[] package, string version, string id = Relay.Id)
    {
        await InstallAsync(package);
        await DoAsync("activate", $"{id}@{version}");
    }

    public async Task<JsonElement[]> ListAsync(string id = Relay.Id)
    {
        JsonElement list = await _http.GetFromJsonAsync<JsonElement>("/admin/plugins", TestContext.Current.CancellationToken);
        return [.. list.GetProperty("plugins").EnumerateArray().Where(l => l.GetProperty("id").GetString() == id)];
    }

    /// <summary>Version and state of everything that is there of a plugin.</summary>
    public async Task<string[]> LinesAsync(string id = Relay.Id) => [.. (await ListAsync(id)).Select(l => $"{l.GetProperty("version").GetString()} {l.GetProperty("state").GetString()}").Order()];

    public async Task UntilAsync(string line, int seconds = 120)
    {
        string[] lines = [];
        for (int i = 0; i < seconds * 40; i++)
        {
            if ((lines = await LinesAsync()).Contains(line))
                return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
        Assert.Fail($"after {seconds} s there is no '{line}': {string.Join("\n", await ListAsync())}");
    }

    private static string Message(JsonElement error) => error.GetProperty("error").GetProperty("message").GetString()!;

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }
}
