using System.Diagnostics;
using System.Net.Http.Json;

namespace Tessera.Serving.Bench;

/// <summary>A model that <c>tessera serve</c> serves in a process of its own, asked over REST.</summary>
internal sealed class RestStreams : IAsyncDisposable
{
    private const string Listening = "listening on ";

    private readonly Process _process;
    private readonly HttpClient _client;

    private RestStreams(Process process, HttpClient client) => (_process, _client) = (process, client);

    public static async Task<RestStreams> StartAsync(string model)
    {
        DirectoryInfo framework = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string host = Path.GetFullPath(Path.Combine(framework.FullName, "../../../../../Host/bin", framework.Parent!.Name, framework.Name));
        ProcessStartInfo start = new(Path.Combine(host, OperatingSystem.IsWindows() ? "tessera.exe" : "tessera"), ["serve", "--model", model, "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true, WorkingDirectory = host };
        Process process = Process.Start(start)!;
        string line = await process.StandardOutput.ReadLineAsync() ?? "";
        if (!line.StartsWith(Listening, StringComparison.Ordinal))
            throw new InvalidOperationException($"the server said: {line}");
        HttpClient client = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri(line[Listening.Length..]), Timeout = TimeSpan.FromMinutes(10) };
        while (!(await client.GetAsync("/ready")).IsSuccessStatusCode)
            await Task.Delay(50);
        return new RestStreams(process, client);
    }

    /// <summary>Tokens per second of streams that run at once, from when each has had its first few until the first has but as few to come; and this process's time on processors beside the wall time, from the first request to the last answer.</summary>
    public async Task<(double Rate, double ClientShare)> DecodeAsync(int streams, int prompt, int tokens, int warm, int round)
    {
        TimeSpan busy = Environment.CpuUsage.TotalTime;
        long sent = Stopwatch.GetTimestamp();
        long[][] times = await Task.WhenAll(Enumerable.Range(0, streams).Select(i => StreamAsync(string.Concat(Enumerable.Repeat($" {round}{i}", prompt / 3)), tokens)));
        double share = (Environment.CpuUsage.TotalTime - busy) / Stopwatch.GetElapsedTime(sent);
        long begin = times.Max(t => t[warm]), end = times.Min(t => t[^warm]);
        // An event may hold part of a character or several tokens.
        return (times.Sum(t => t.Count(at => at > begin && at <= end) * (double)tokens / t.Length) / Stopwatch.GetElapsedTime(begin, end).TotalSeconds, share);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<long[]> StreamAsync(string prompt, int tokens)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(new { prompt, max_tokens = tokens, ignore_eos = true, temperature = 0, stream = true }) };
        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        List<long> times = [];
        while (await reader.ReadLineAsync() is { } line)
            if (line.StartsWith("data: {", StringComparison.Ordinal))
                times.Add(Stopwatch.GetTimestamp());
        if (!response.IsSuccessStatusCode || times.Count < tokens / 2)
            throw new InvalidOperationException($"{response.StatusCode}: {times.Count} events of {tokens} tokens");
        return [.. times];
    }
}
