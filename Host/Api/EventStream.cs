using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tessera.Host.Api;

/// <summary>Server-sent events (WHATWG HTML, section 9.2): one JSON value in each. Writers take turns. A client that takes nothing for too long is disconnected.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly PipeWriter _body;
    private readonly CancellationToken _gone;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _slow = new();
    private readonly CancellationTokenRegistration _abort;
    private readonly ArrayBufferWriter<byte> _event = new();
    private readonly Utf8JsonWriter _json;

    /// <summary>Sets the headers; they go with the first event.</summary>
    /// <param name="http">The request.</param>
    /// <param name="patience">How long an event may wait for the client to take it.</param>
    public EventStream(HttpContext http, TimeSpan patience)
    {
        (_body, _gone, _patience) = (http.Response.BodyWriter, http.RequestAborted, patience);
        _abort = _slow.Token.Register(http.Abort);
        _json = new Utf8JsonWriter(_event, new JsonWriterOptions { Encoder = ApiJson.Readable.Options.Encoder, SkipValidation = true });
        http.Response.ContentType = "text/event-stream; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no";
    }

    /// <summary>Sends an event.</summary>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type) => SendAsync((value, type), static (stream, e) =>
    {
        stream._json.Reset(stream._event);
        JsonSerializer.Serialize(stream._json, e.value, e.type);
        stream._json.Flush();
    });

    /// <summary>Sends an event of which only a text is new.</summary>
    public Task WriteAsync(EventTemplate template, string text) => SendAsync((template, text), static (stream, e) =>
    {
        stream._event.Write(e.template.Before);
        stream._json.Reset(stream._event);
        stream._json.WriteStringValue(e.text);
        stream._json.Flush();
        stream._event.Write(e.template.After);
    });

    /// <summary>Ends the stream as OpenAI's clients expect it.</summary>
    public Task DoneAsync() => SendAsync(0, static (stream, _) => stream._event.Write("[DONE]"u8));

    private async Task SendAsync<T>(T value, Action<EventStream, T> write)
    {
        await _turn.WaitAsync(_gone).ConfigureAwait(false);
        try
        {
            _event.ResetWrittenCount();
            _event.Write("data: "u8);
            write(this, value);
            _event.Write("\n\n"u8);
            await SendAsync(_event.WrittenMemory).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Sends an event's bytes, all at once: the response's writer takes longer for each part. The clock runs only while the client is waited for.</summary>
    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        ValueTask<FlushResult> flush = _body.WriteAsync(bytes, _gone);
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
