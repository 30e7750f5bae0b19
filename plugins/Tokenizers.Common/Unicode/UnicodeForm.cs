namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>The four <see href="https://www.unicode.org/reports/tr15/">normalization forms</see>.</summary>
[Flags]
public enum UnicodeForm
{
    /// <summary>Canonical decomposition.</summary>
    Nfd = 0,
    /// <summary>Canonical decomposition, then composition.</summary>
    Nfc = 1,
    /// <summary>Compatibility decomposition.</summary>
    Nfkd = 2,
    /// <summary>Compatibility decomposition, then composition.</summary>
    Nfkc = 3,
}
