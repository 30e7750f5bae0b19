namespace Tessera.Host.Configuration;

/// <summary>The configuration is wrong; holds every error that was found, in the order of the file's lines.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> errors) : TesseraException(string.Join('\n', errors))
{
    /// <summary>One line for each error, such as <c>host.yaml:14 kernels.cpu.thread: unknown key; did you mean 'threads'?</c></summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
