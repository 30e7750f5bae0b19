using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tessera.Acceptance.Tests.Conversion.Peer;

/// <summary>llama.cpp's server on one file, where the variable TESSERA_PEER names the folder of its programs.</summary>
internal sealed partial class PeerServer : IAsyncDisposable
{
    private const string Variable = "TESSERA_PEER", Program = "llama-server";
    private const int MostErrors = 4000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3), Pause = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly HttpClient _client;

    private PeerServer(Process process, int port)
    {
        (_process, _client) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Patience });
        DataReceivedEventHandler keep = (_, e) =>
        {
            lock (_errors)
                if (e.Data is not null)
                    _errors.Enqueue(e.Data);
        };
        process.OutputDataReceived += keep;
        process.ErrorDataReceived += keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Skips the running test where the peer is not at hand.</summary>
    public static void Require() => _ = Path();

    /// <summary>Starts it and waits until it has read the file.</summary>
    /// <param name="model">The file.</param>
    /// <param name="context">Tokens.</param>
    /// <param name="more">More arguments.</param>
    public static async Task<PeerServer> StartAsync(string model, int context, params string[] more)
    {
        PeerServer server = Launch(model, context, more);
        try
        {
            if (await server.IsReadyAsync().ConfigureAwait(false))
                return server;
            Assert.Fail($"the peer does not read the file:\n{server.Said()}");
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts it on a file that it does not read.</summary>
    /// <returns>What it said.</returns>
    public static async Task<string> RefusalAsync(string model, int context, params string[] more)
    {
        PeerServer server = Launch(model, context, more);
        await using ConfiguredAsyncDisposable owned = server.ConfigureAwait(false);
        Assert.False(await server.IsReadyAsync().ConfigureAwait(false), "the peer reads the file");
        Assert.True(server._process.HasExited && server._process.ExitCode != 0, $"the peer neither reads the file nor refuses it:\n{server.Said()}");
        return server.Said();
    }

    private static PeerServer Launch(string model, int context, string[] more)
    {
        int port = FreePort();
        ProcessStartInfo start = new(Path(),
        [
            "--model", model, "--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--ctx-size", context.ToString(CultureInfo.InvariantCulture),
            "--parallel", "1", "--threads", "2", "--threads-batch", "2", "--cache-ram", "0", "--flash-attn", "off", "--cache-type-k", "f32", "--cache-type-v", "f32", "--no-warmup", "--offline", .. more,
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        return new(Process.Start(start)!, port);
    }

    /// <summary>Its greedy continuation of ids, which ends early at an end token.</summary>
    public async Task<PeerToken[]> ContinueAsync(int[] prompt, int tokens, int alternatives)
    {
        JsonObject body = new()
        {
            ["prompt"] = new JsonArray([.. prompt.Select(id => (JsonNode)id)]),
            ["n_predict"] = tokens,
            ["n_probs"] = alternatives,
            ["temperature"] = 0,
            ["cache_prompt"] = false,
            ["return_tokens"] = true,
        };
        JsonElement answer = await PostAsync("/completion", body).ConfigureAwait(false);
        int[] ids = [.. answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        JsonElement[] said = [.. answer.GetProperty("completion_probabilities").EnumerateArray()];
        // It leaves out those of tokens that end within a character; behind the first of them nothing is compared.
        int whole = ids.Zip(said).TakeWhile(p => p.First == p.Second.GetProperty("id").GetInt32()).Count();
        return [.. ids.Select((id, i) => new PeerToken(id, i < whole ? [.. said[i].GetProperty("top_logprobs").EnumerateArray().Select(a => (a.GetProperty("id").GetInt32(), a.GetProperty("logprob").GetDouble()))] : []))];
    }

    /// <summary>The ids of a text; spellings of special tokens are those.</summary>
    public async Task<int[]> TokenizeAsync(string text, bool addSpecial)
    {
        JsonElement answer = await PostAsync("/tokenize", new JsonObject { ["content"] = text, ["add_special"] = addSpecial, ["parse_special"] = true }).ConfigureAwait(false);
        return [.. answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience && !_process.HasExited; await Task.Delay(Pause).ConfigureAwait(false))
            try
            {
                using HttpResponseMessage health = await _client.GetAsync("/health").ConfigureAwait(false);
                if (health.IsSuccessStatusCode)
                    return true;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }
        return false;
    }

    private async Task<JsonElement> PostAsync(string path, JsonObject body)
    {
        using HttpResponseMessage response = await _client.PostAsJsonAsync(path, body).ConfigureAwait(false);
        string text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        Assert.True(response.IsSuccessStatusCode, $"the peer's answer to {path}: {text}\n{Said()}");
        return JsonElement.Parse(text);
    }

    private string Said()
    {
        lock (_errors)
        {
            string all = string.Join('\n', _errors);
            return all[Math.Max(0, all.Length - MostErrors)..];
        }
    }

    private static string Path()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } folder)
        {
            Assert.Skip($"peer: {Variable} names no folder with {Program}");
            return "";
        }
        string program = System.IO.Path.Combine(folder, OperatingSystem.IsWindows() ? Program + ".exe" : Program);
        Assert.True(File.Exists(program), $"{Variable}: there is no {program}");
        return program;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A token of the peer's continuation.</summary>
/// <param name="Id">The token.</param>
/// <param name="Best">The most probable tokens at its place, with the logarithms of their probabilities; none where it does not say.</param>
internal sealed record PeerToken(int Id, (int Id, double LogProbability)[] Best);
