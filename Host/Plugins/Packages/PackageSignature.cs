using System.Security.Cryptography;

namespace Tessera.Host.Plugins.Packages;

/// <summary>The detached signature of a package: ECDSA with SHA-256 over the bytes of <c>plugin.json</c>, whose list of hashes covers every other file. Base64, in the fixed-length form of IEEE P1363.</summary>
internal static class PackageSignature
{
    /// <summary>The file's name.</summary>
    public const string FileName = "plugin.json.sig";

    private const int MaxBytes = 4096;

    /// <summary>Signs a manifest.</summary>
    public static string Sign(ReadOnlySpan<byte> manifest, ECDsa key) => Convert.ToBase64String(key.SignData(manifest, HashAlgorithmName.SHA256));

    /// <summary>A package's signature, or null where it has none.</summary>
    /// <exception cref="PluginException">The file is none.</exception>
    public static byte[]? Read(PluginPackage package)
    {
        FileInfo file = new(Path.Combine(package.Folder, FileName));
        if (!file.Exists)
            return null;
        byte[] signature = new byte[MaxBytes];
        if (file.Length <= MaxBytes && Convert.TryFromBase64String(File.ReadAllText(file.FullName).Trim(), signature, out int length))
            return signature[..length];
        throw package.Refuse($"'{FileName}' holds no signature in base64; pack the package anew with --key");
    }

    /// <summary>Whether a key's owner has signed the manifest.</summary>
    /// <param name="manifest">The bytes of <c>plugin.json</c>.</param>
    /// <param name="signature">From <see cref="Read"/>.</param>
    /// <param name="publicKey">The key: a SubjectPublicKeyInfo (RFC 5480).</param>
    public static bool Verify(ReadOnlySpan<byte> manifest, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> publicKey)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        return key.VerifyData(manifest, signature, HashAlgorithmName.SHA256);
    }

    /// <summary>Whether bytes are a public key that <see cref="Verify"/> can use.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> key)
    {
        try
        {
            using ECDsa ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key, out int read);
            return read == key.Length;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
