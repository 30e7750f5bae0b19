namespace Tessera.Host.Api;

/// <summary>Turns what an endpoint throws into OpenAI's error shape. Where the answer has begun, the connection is cut: half an answer must not look like a whole one.</summary>
internal sealed class ErrorHandling(RequestDelegate next, ILogger<ErrorHandling> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http).ConfigureAwait(false);
            // The router's own answers have no body.
            if (http.Response is { StatusCode: 404 or 405, HasStarted: false, ContentType: null } response)
                await new ApiException(response.StatusCode, response.StatusCode == 405
                    ? $"{http.Request.Path} takes {response.Headers.Allow}, not {http.Request.Method}"
                    : $"{http.Request.Path}: there is no such endpoint", code: response.StatusCode == 405 ? "method_not_allowed" : "unknown_endpoint").WriteAsync(http).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody reads an answer.
        }
        catch (Exception e)
        {
            ApiException error = Describe(e, http);
            if (http.Response.HasStarted)
                http.Abort();
            else
                await error.WriteAsync(http).ConfigureAwait(false);
        }
    }

    /// <summary>The error as the client sees it; what nobody foresaw is logged.</summary>
    private ApiException Describe(Exception e, HttpContext http)
    {
        switch (e)
        {
            case ApiException error:
                return error;
            case BadHttpRequestException bad:
                return new ApiException(bad.StatusCode, bad.Message, code: "bad_request");
            default:
                return Unforeseen(e, http, log);
        }
    }

    /// <summary>Logs an error that nobody foresaw.</summary>
    public static ApiException Unforeseen(Exception e, HttpContext http, ILogger log)
    {
        log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
        return new ApiException(500, e is TesseraException ? e.Message : "an unexpected error; the server's log has the details", code: "internal_error");
    }
}
