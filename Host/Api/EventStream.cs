using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tessera.Host.Api;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): one JSON value in each. Writers take turns. A client that takes nothing for too long is disconnected.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpContext _http;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _slow = new();
    private readonly CancellationTokenRegistration _abort;
    private readonly Utf8JsonWriter _json;

    /// <summary>Sets the headers; they go with the first event.</summary>
    /// <param name="http">The request.</param>
    /// <param name="patience">How long an event may wait for the client to take it.</param>
    public EventStream(HttpContext http, TimeSpan patience)
    {
        (_http, _patience) = (http, patience);
        _abort = _slow.Token.Register(http.Abort);
        _json = new Utf8JsonWriter(http.Response.BodyWriter, new JsonWriterOptions { Encoder = ApiJson.Readable.Options.Encoder, SkipValidation = true });
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Sends an event.</summary>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type) => SendAsync(value, type);

    /// <summary>Ends the stream as OpenAI's clients expect it.</summary>
    public Task DoneAsync() => SendAsync<object?>(null, null);

    private async Task SendAsync<T>(T value, JsonTypeInfo<T>? type)
    {
        await _turn.WaitAsync(_http.RequestAborted).ConfigureAwait(false);
        try
        {
            PipeWriter body = _http.Response.BodyWriter;
            body.Write("data: "u8);
            if (type is null)
                body.Write("[DONE]"u8);
            else
            {
                _json.Reset(body);
                JsonSerializer.Serialize(_json, value, type);
                _json.Flush();
            }
            body.Write("\n\n"u8);
            await FlushAsync(body).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends what was written; the clock runs only while the client is waited for.</summary>
    private async ValueTask FlushAsync(PipeWriter body)
    {
        ValueTask<FlushResult> flush = body.FlushAsync(_http.RequestAborted);
        if (flush.IsCompleted)
        {
            await flush.ConfigureAwait(false);
            return;
        }
        _slow.CancelAfter(_patience);
        await flush.ConfigureAwait(false);
        _slow.CancelAfter(Timeout.InfiniteTimeSpan);
    }

    public void Dispose()
    {
        _abort.Dispose();
        _slow.Dispose();
        _json.Dispose();
        _turn.Dispose();
    }
}
