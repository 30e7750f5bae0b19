namespace Tessera.Host.Api;

/// <summary>Turns what an endpoint throws into OpenAI's error shape.</summary>
internal sealed class ErrorHandling(RequestDelegate next, ILogger<ErrorHandling> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http).ConfigureAwait(false);
            if (http.Response is { StatusCode: 404 or 405, HasStarted: false, ContentLength: null } && http.GetEndpoint() is null)
                await new ApiException(http.Response.StatusCode, $"{http.Request.Method} {http.Request.Path}: there is no such endpoint", code: "unknown_endpoint").WriteAsync(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody reads an answer.
        }
        catch (ApiException e) when (!http.Response.HasStarted)
        {
            await e.WriteAsync(http).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await new ApiException(e.StatusCode, e.Message).WriteAsync(http).ConfigureAwait(false);
        }
        catch (Exception e) when (!http.Response.HasStarted && e is not OperationCanceledException)
        {
            log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            string text = e is TesseraException ? e.Message : "an unexpected error; the server's log has the details";
            await new ApiException(500, text, code: "internal_error").WriteAsync(http).ConfigureAwait(false);
        }
    }
}
