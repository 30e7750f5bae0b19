namespace Tessera.Host.Configuration;

/// <summary>The configuration that is in force. Replaced as a whole when the file has changed; who needs one view of it reads <see cref="Current"/> once.</summary>
public sealed class LiveConfiguration(HostConfiguration configuration)
{
    private HostConfiguration _current = configuration;

    /// <summary>What is in force now.</summary>
    public HostConfiguration Current
    {
        get => Volatile.Read(ref _current);
        internal set => Volatile.Write(ref _current, value);
    }
}
