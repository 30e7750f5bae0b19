using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tessera.Host.Api;

/// <summary>The JSON of values that are alike but for one text: what comes before the text and after it. To write it takes a fraction of what serializing the value does.</summary>
internal sealed class EventTemplate
{
    private readonly byte[] _before, _after;

    private EventTemplate(byte[] before, byte[] after) => (_before, _after) = (before, after);

    /// <summary>Finds the text's place.</summary>
    /// <param name="value">Makes the value of a text.</param>
    /// <param name="type">How it is serialized.</param>
    public static EventTemplate Of<T>(Func<string, T> value, JsonTypeInfo<T> type)
    {
        byte[] one = JsonSerializer.SerializeToUtf8Bytes(value("0"), type), other = JsonSerializer.SerializeToUtf8Bytes(value("1"), type);
        int text = one.AsSpan().CommonPrefixLength(other);
        // The writer of the text adds its quotes.
        return new EventTemplate(one[..(text - 1)], one[(text + 2)..]);
    }

    /// <summary>What is before the text.</summary>
    public ReadOnlySpan<byte> Before => _before;

    /// <summary>What comes after it.</summary>
    public ReadOnlySpan<byte> After => _after;
}
