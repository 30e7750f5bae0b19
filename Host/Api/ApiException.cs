using System.Globalization;
using System.Text.Json.Serialization;

namespace Tessera.Host.Api;

/// <summary>An error that a client gets in OpenAI's shape.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong, for a person.</param>
/// <param name="parameter">The request's field, or null.</param>
/// <param name="code">A word for programs, or null.</param>
internal sealed class ApiException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The request's field, or null.</summary>
    public string? Parameter { get; } = parameter;

    /// <summary>A word for programs, or null.</summary>
    public string? Code { get; } = code;

    /// <summary>Seconds after which to try again, or null.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>A field has a value that cannot be used.</summary>
    public static ApiException Invalid(string field, string expected, string? found = null) =>
        new(400, found is null ? $"'{field}': expected {expected}" : $"'{field}': expected {expected}, found {found}", field, "invalid_value");

    /// <summary>A field asks for something that this server does not do.</summary>
    public static ApiException Unsupported(string field, string what) =>
        new(400, $"'{field}': {what} is not available on this server", field, "unsupported_value");

    /// <summary>The error's type in OpenAI's words.</summary>
    public string Type => Status switch
    {
        401 or 403 => "authentication_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>Answers a request with this error.</summary>
    public async Task WriteAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (RetryAfter is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await http.Response.WriteAsJsonAsync(Body, ApiJson.Readable.ErrorBody, cancellationToken: http.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The error as it stands in a response.</summary>
    public ErrorBody Body => new(new ErrorDetail(Message, Type, Parameter, Code));
}

/// <summary>OpenAI's error shape.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

/// <summary>What is wrong.</summary>
internal sealed record ErrorDetail(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
