using Tessera.Host.Configuration;

namespace Tessera.Host.Api.Admin;

/// <summary>Lets administrators in: only on the addresses of <c>admin.urls</c>, and only with the token. What they may do runs code of their choice.</summary>
internal sealed class AdminGate(HostConfiguration configuration, ILogger<AdminGate> log)
{
    private const string Bearer = "Bearer ";
    private readonly HashSet<int> _ports = [.. configuration.Admin.Urls.Select(u => new Uri(u.Replace("//*", "//any", StringComparison.Ordinal).Replace("//+", "//any", StringComparison.Ordinal)).Port)];

    /// <exception cref="ApiException">The caller is no administrator.</exception>
    public void Require(HttpContext http)
    {
        // On other addresses there is no such endpoint.
        if (configuration.Admin.Token is not { } token || !_ports.Contains(http.Connection.LocalPort))
            throw new ApiException(404, $"{http.Request.Path} is answered on admin.urls only, once admin.token is set", code: "unknown_endpoint");
        string header = http.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && token.Matches(header[Bearer.Length..].Trim()))
            return;
        log.LogWarning("admin {Remote}: {Method} {Path}: without the token", http.Connection.RemoteIpAddress, http.Request.Method, http.Request.Path);
        throw new ApiException(401, "expected the admin token: Authorization: Bearer …", code: "unauthorized");
    }
}
