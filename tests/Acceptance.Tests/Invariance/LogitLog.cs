using System.Runtime.InteropServices;

namespace Tessera.Acceptance.Tests.Invariance;

/// <summary>The logits after every sequence of tokens that any run has computed, bit for bit.</summary>
internal sealed class LogitLog
{
    private readonly Dictionary<string, float[]> _known = new(StringComparer.Ordinal);

    /// <summary>Rows that the present run has logged.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows of the present run whose tokens some run had before.</summary>
    public int Compared { get; private set; }

    /// <summary>Rows that were not equal to what was known.</summary>
    public List<string> Different { get; } = [];

    /// <summary>What the present run is, for messages.</summary>
    public string Run { get; private set; } = "";

    public void Begin(string run) => (Run, Rows, Compared) = (run, 0, 0);

    /// <summary>Logs a row.</summary>
    /// <param name="tokens">The row's token and all before it.</param>
    /// <param name="logits">Its logits.</param>
    public void Add(ReadOnlySpan<int> tokens, ReadOnlySpan<float> logits)
    {
        Rows++;
        string key = new(MemoryMarshal.Cast<int, char>(tokens));
        if (!_known.TryGetValue(key, out float[]? known))
        {
            _known.Add(key, logits.ToArray());
            return;
        }
        Compared++;
        // As bytes: 0 and -0 are not the same, and a NaN is the same as itself.
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(logits);
        int same = bytes.CommonPrefixLength(MemoryMarshal.AsBytes<float>(known));
        if (same < bytes.Length || logits.Length != known.Length)
            Different.Add($"{Run}: {tokens.Length} tokens, {same} of {bytes.Length} bytes equal before the first that is not");
    }
}
