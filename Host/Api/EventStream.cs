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
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type) => WriteAsync(body =>
    {
        _json.Reset(body);
        JsonSerializer.Serialize(_json, value, type);
        _json.Flush();
    });

    /// <summary>Ends the stream as OpenAI's clients expect it.</summary>
    public Task DoneAsync() => WriteAsync(body => body.Write("[DONE]"u8));

    private async Task WriteAsync(Action<PipeWriter> data)
    {
        CancellationToken aborted = _http.RequestAborted;
        await _turn.WaitAsync(aborted).ConfigureAwait(false);
        try
        {
            PipeWriter body = _http.Response.BodyWriter;
            body.Write("data: "u8);
            data(body);
            body.Write("\n\n"u8);
            _slow.CancelAfter(_patience);
            await body.FlushAsync(aborted).ConfigureAwait(false);
            _slow.CancelAfter(Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _abort.Dispose();
        _slow.Dispose();
        _json.Dispose();
        _turn.Dispose();
    }
}
