using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Tessera.Speculation.Bench;

/// <summary>A <c>llama-server</c> of the peer's, asked over HTTP; its own clock says how fast it was.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly HttpClient _client;

    private PeerServer(Process process, HttpClient client) => (_process, _client) = (process, client);

    /// <summary>Starts a server and waits until it has loaded its model.</summary>
    public static async Task<PeerServer> StartAsync(string folder, string model, int threads, int context, string[] options)
    {
        int port = FreePort();
        string[] arguments = ["-m", model, "-t", Text(threads), "-tb", Text(threads), "-c", Text(context), "-np", "1", "--host", "127.0.0.1", "--port", Text(port), .. options];
        Process process = Process.Start(new ProcessStartInfo(Path.Combine(folder, "llama-server"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string last = "";
        process.ErrorDataReceived += (_, line) => last = line.Data ?? last;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        PeerServer server = new(process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Patience });
        for (long start = Stopwatch.GetTimestamp(); !await server.IsReadyAsync(); await Task.Delay(200))
            if (process.HasExited || Stopwatch.GetElapsedTime(start) > Patience)
            {
                await server.DisposeAsync();
                throw new TesseraException($"the peer does not start: {last}");
            }
        return server;
    }

    /// <summary>Generates greedily past end tokens.</summary>
    /// <returns>Seconds of decoding, and what became of drafts.</returns>
    public async Task<(double Seconds, int Drafted, int Accepted)> RunAsync(int[] prompt, int tokens)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync("/completion", new { prompt, n_predict = tokens, temperature = 0, ignore_eos = true, cache_prompt = true });
        response.EnsureSuccessStatusCode();
        JsonElement timings = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("timings");
        return (timings.GetProperty("predicted_ms").GetDouble() / 1000, Count("draft_n"), Count("draft_n_accepted"));

        int Count(string name) => timings.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : 0;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync("/health");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
