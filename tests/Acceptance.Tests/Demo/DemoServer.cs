using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Demo;

/// <summary>What a newcomer gets: <c>tessera serve</c> with the shipped configuration and the shipped model, asked over REST.</summary>
public sealed class DemoServer : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private Process? _process;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        ProcessStartInfo start = new(HostFolder.Executable, ["serve", "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true, WorkingDirectory = HostFolder.Path };
        _process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        string line = await _process.StandardOutput.ReadLineAsync(patience.Token) ?? "";
        const string Listening = "listening on ";
        Assert.StartsWith(Listening, line, StringComparison.Ordinal);
        _client = new HttpClient { BaseAddress = new Uri(line[Listening.Length..]), Timeout = Patience };
        while (!(await _client.GetAsync("/ready", patience.Token)).IsSuccessStatusCode)
            await Task.Delay(50, patience.Token);
    }

    /// <summary>The most likely answer to the last of the messages, users' and assistant's in turn.</summary>
    internal async Task<DemoAnswer> AskAsync(params string[] messages)
    {
        object body = new
        {
            messages = messages.Select((content, i) => new { role = i % 2 == 0 ? "user" : "assistant", content }),
            temperature = 0,
        };
        using HttpResponseMessage response = await _client!.PostAsync("/v1/chat/completions", JsonContent.Create(body), TestContext.Current.CancellationToken);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, answer.ToString());
        JsonElement choice = answer.GetProperty("choices")[0];
        return new(choice.GetProperty("message").GetProperty("content").GetString()!, choice.GetProperty("finish_reason").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_process is null)
            return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}

/// <summary>What the demo model said, and why it ended.</summary>
internal sealed record DemoAnswer(string Text, string FinishReason)
{
    public IReadOnlyList<string> Sentences => [.. Text.Split(['.', '!', '?'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(s => s.Any(char.IsLetter))];
}
