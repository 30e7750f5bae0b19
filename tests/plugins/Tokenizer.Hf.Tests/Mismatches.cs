using System.Text.Json;

namespace Tessera.Tokenizer.Hf.Tests;

/// <summary>Collects what is not as expected.</summary>
internal sealed class Mismatches
{
    private readonly List<string> _wrong = [];

    public void Ids(string text, int[] expected, int[] found)
    {
        if (!expected.SequenceEqual(found))
            _wrong.Add($"{JsonSerializer.Serialize(text)}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', found)}");
    }

    public void Text(int[] ids, string expected, string found)
    {
        if (expected != found)
            _wrong.Add($"{string.Join(' ', ids)}\n  expected {JsonSerializer.Serialize(expected)}\n  found    {JsonSerializer.Serialize(found)}");
    }

    public void AssertNone(int run) => Assert.True(_wrong.Count == 0, $"{_wrong.Count} mismatches in {run} cases:\n{string.Join('\n', _wrong.Take(8))}");
}
