using System.Diagnostics;
using System.Text.Json;

namespace Tessera.Serving.Bench;

/// <summary>What streams came to over REST while all of them ran.</summary>
/// <param name="Rate">Tokens per second.</param>
/// <param name="Delivery">Seconds of the processors per token that the server takes apart from the threads that compute, schedule and compile.</param>
/// <param name="Compiler">Seconds of the processors per token that the runtime's compiler takes.</param>
/// <param name="Turns">How often a token makes those threads run.</param>
/// <param name="Client">Seconds of the processors per token that this process takes.</param>
/// <param name="Steps">The steps meanwhile.</param>
internal sealed record Served(double Rate, double Delivery, double Compiler, double Turns, double Client, StepCounts Steps);

/// <summary>
/// A model that <c>tessera serve</c> serves in a process of its own, asked over REST by a client that takes as little as it can of the processors that both share: one thread that looks at all sockets twenty times a second, and counts events.
/// </summary>
internal sealed class RestStreams : IAsyncDisposable
{
    private const string Listening = "listening on ";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly Process _process;
    private readonly Uri _address;
    private readonly HttpClient _client;
    private readonly AutoResetEvent _never = new(false);

    private RestStreams(Process process, Uri address, HttpClient client) => (_process, _address, _client) = (process, address, client);

    public static async Task<RestStreams> StartAsync(string model)
    {
        DirectoryInfo framework = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string host = Path.GetFullPath(Path.Combine(framework.FullName, "../../../../../Host/bin", framework.Parent!.Name, framework.Name));
        ProcessStartInfo start = new(Path.Combine(host, OperatingSystem.IsWindows() ? "tessera.exe" : "tessera"), ["serve", "--model", model, "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true, WorkingDirectory = host };
        Process process = Process.Start(start)!;
        string line = await process.StandardOutput.ReadLineAsync() ?? "";
        if (!line.StartsWith(Listening, StringComparison.Ordinal))
            throw new InvalidOperationException($"the server said: {line}");
        Uri address = new(line[Listening.Length..]);
        HttpClient client = new() { BaseAddress = address };
        while (!(await client.GetAsync("/ready")).IsSuccessStatusCode)
            await Task.Delay(Pause);
        return new RestStreams(process, address, client);
    }

    /// <summary>Runs streams at once; what counts is from when each has had its first few tokens until one has but as few to come.</summary>
    /// <param name="prompts">The prompts' ids.</param>
    /// <param name="tokens">Tokens of each stream.</param>
    /// <param name="warm">The first and last ones.</param>
    /// <param name="salt">Other prompts than those with the same salt are computed anew.</param>
    public Served Decode(IReadOnlyList<int[]> prompts, int tokens, int warm, string salt)
    {
        // Their prompts are computed first, so that all begin at once.
        Answer[] answers = Ask(1);
        try
        {
            while (answers.Any(a => !a.Ended))
            {
                _never.WaitOne(Pause);
                foreach (Answer answer in answers)
                    answer.Read();
            }
            foreach (Answer answer in answers)
                answer.Dispose();
            answers = Ask(tokens);
            List<(double Time, int[] Events)> looks = [];
            Look? begin = null, end = null;
            StepCounts? before = null, after = null;
            while (answers.Any(a => !a.Ended))
            {
                _never.WaitOne(Pause);
                long now = Stopwatch.GetTimestamp();
                foreach (Answer answer in answers)
                    answer.Read();
                if (answers.All(a => a.Events >= warm && a.Events <= tokens - warm && !a.Ended))
                {
                    before ??= StepCounts.Of(_client);
                    begin ??= Look.At(_process.Id);
                    looks.Add((Stopwatch.GetElapsedTime(0, now).TotalSeconds, [.. answers.Select(a => a.Events)]));
                }
                else if (begin is not null)
                {
                    end ??= Look.At(_process.Id);
                    after ??= StepCounts.Of(_client);
                }
            }
            if (answers.FirstOrDefault(a => !a.IsWhole(tokens)) is { } broken)
                throw new InvalidOperationException($"{broken.Events} events of {tokens} tokens: {broken.Text}");
            // An event may hold part of a character or several tokens.
            double[] perEvent = [.. answers.Select(a => (double)tokens / a.Events)];
            double rate = Slope([.. looks.Select(l => (l.Time, l.Events.Zip(perEvent, (events, weight) => events * weight).Sum()))]);
            double between = rate * (end!.Seconds - begin!.Seconds);
            return new Served(rate, end.DeliverySince(begin) / between, end.CompilerSince(begin) / between, end.TurnsSince(begin) / between, (end.Client - begin.Client) / between, after! - before!);
        }
        finally
        {
            foreach (Answer answer in answers)
                answer.Dispose();
        }

        Answer[] Ask(int most) => [.. prompts.Select(p => new Answer(_address, JsonSerializer.SerializeToUtf8Bytes(new { prompt = p, max_tokens = most, ignore_eos = true, temperature = 0, stream = true, cache_salt = salt })))];
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        _never.Dispose();
    }

    /// <summary>The line of least squares: looks fall anywhere between two steps.</summary>
    private static double Slope(IReadOnlyList<(double X, double Y)> points)
    {
        double x = points.Average(p => p.X), y = points.Average(p => p.Y);
        return points.Sum(p => (p.X - x) * (p.Y - y)) / points.Sum(p => (p.X - x) * (p.X - x));
    }
}
