using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tessera.Host.Api;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): one JSON value in each. Writers take turns.</summary>
internal sealed class EventStream(HttpContext http) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Sends the headers.</summary>
    public void Start()
    {
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
    }

    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        await WriteAsync(json).ConfigureAwait(false);
    }

    /// <summary>Ends the stream as OpenAI's clients expect it.</summary>
    public Task DoneAsync() => WriteAsync("[DONE]"u8.ToArray());

    private async Task WriteAsync(ReadOnlyMemory<byte> data)
    {
        CancellationToken aborted = http.RequestAborted;
        await _turn.WaitAsync(aborted).ConfigureAwait(false);
        try
        {
            await http.Response.Body.WriteAsync("data: "u8.ToArray(), aborted).ConfigureAwait(false);
            await http.Response.Body.WriteAsync(data, aborted).ConfigureAwait(false);
            await http.Response.Body.WriteAsync("\n\n"u8.ToArray(), aborted).ConfigureAwait(false);
            await http.Response.Body.FlushAsync(aborted).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
