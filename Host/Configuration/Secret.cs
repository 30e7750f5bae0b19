using System.Security.Cryptography;
using System.Text;

namespace Tessera.Host.Configuration;

/// <summary>A text that never shows up in logs and messages.</summary>
public sealed class Secret(string value)
{
    private readonly byte[] _hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>Compares in a time that does not depend on where the texts differ.</summary>
    public bool Matches(string other) => CryptographicOperations.FixedTimeEquals(_hash, SHA256.HashData(Encoding.UTF8.GetBytes(other)));

    /// <summary>Whether it is the same text.</summary>
    public bool IsSame(Secret? other) => other is not null && CryptographicOperations.FixedTimeEquals(_hash, other._hash);

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}
