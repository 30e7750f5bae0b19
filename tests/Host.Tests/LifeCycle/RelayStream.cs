using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>A stream of the relay model: its text, and whether it went on with another composition.</summary>
internal sealed class RelayStream
{
    private int _length;

    private RelayStream(char prompt) => Prompt = prompt;

    public char Prompt { get; }

    /// <summary>Characters read so far.</summary>
    public int Length => Volatile.Read(ref _length);

    /// <summary>How often the end of the stream says that it migrated.</summary>
    public int Migrations { get; private set; }

    public Task<string> Text { get; private set; } = null!;

    public static RelayStream Start(HttpClient client, char prompt, int tokens, object? more = null)
    {
        RelayStream stream = new(prompt);
        stream.Text = stream.ReadAsync(client, tokens);
        return stream;
    }

    private async Task<string> ReadAsync(HttpClient client, int tokens)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(new { prompt = $"{Prompt}", max_tokens = tokens, temperature = 0, stream = true, stream_options = new { include_usage = true } }) };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        StringBuilder text = new();
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line == "data: [DONE]")
                return text.ToString();
            if (line.Length == 0)
                continue;
            using JsonDocument data = JsonDocument.Parse(line["data: ".Length..]);
            if (data.RootElement.TryGetProperty("error", out JsonElement error))
                throw new InvalidOperationException(error.ToString());
            foreach (JsonElement choice in data.RootElement.GetProperty("choices").EnumerateArray())
                text.Append(choice.GetProperty("text").GetString());
            Volatile.Write(ref _length, text.Length);
            if (data.RootElement.TryGetProperty("usage", out JsonElement usage) && usage.TryGetProperty("migrations", out JsonElement migrations))
                Migrations = migrations.GetInt32();
        }
        throw new EndOfStreamException("the stream ended without [DONE]");
    }
}
