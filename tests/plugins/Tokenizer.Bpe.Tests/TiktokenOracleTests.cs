using System.IO.Compression;
using System.Reflection;
using System.Text;
using Tessera.Tokenizer.Bpe.Tiktoken;
using Oracle = Microsoft.ML.Tokenizers.TiktokenTokenizer;

namespace Tessera.Tokenizer.Bpe.Tests;

/// <summary>The real rank files, against another implementation.</summary>
public class TiktokenOracleTests
{
    [Theory]
    [InlineData("cl100k_base", "Cl100kBase", 100_256)]
    [InlineData("o200k_base", "O200kBase", 199_998)]
    public void Texts_have_the_ids_that_another_implementation_gives(string name, string package, int ranks)
    {
        byte[] file = Ranks(package);
        Assert.Equal(ranks, file.Count(b => b == '\n'));
        ITokenizer tokenizer = new TiktokenFactory().Create(new TokenizerAssets { Model = "tiktoken", Tokens = [], Files = new Dictionary<string, byte[]> { [$"{name}.tiktoken"] = file } });
        Oracle oracle = Oracle.CreateForEncoding(name);
        List<string> wrong = [];
        string[] texts = [.. Texts()];
        foreach (string text in texts)
        {
            int[] expected = [.. oracle.EncodeToIds(text)];
            int[] ids = TokenizerFixtures.Encode(tokenizer, text);
            if (!ids.SequenceEqual(expected))
                wrong.Add($"{System.Text.Json.JsonSerializer.Serialize(text)}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', ids)}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} mismatches in {texts.Length} texts:\n{string.Join('\n', wrong.Take(8))}");
    }

    private static IEnumerable<string> Texts()
    {
        string[] parts =
        [
            "Hello", " world", "THE end", " it's", "I'LL", "été", " ÉCOLE", "Straße", "日本語", "こんにちは", " 안녕하세요", "Привет", "مرحبا", "हिन्दी", " 12345", "3.14", "x=1;", " {\n", "\t\treturn", "\r\n", "\n\n", "  ",
            "    ", " ", "😀", "👩‍👩‍👧", "…", " --", "///", "²", "Ⅷ", "\u0301", "\u00A0", "<tag>", "foo_bar", "camelCase",
        ];
        Random random = new(7);
        for (int i = 0; i < 2000; i++)
            yield return string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => parts[random.Next(parts.Length)]));
        yield return string.Concat(parts) + string.Concat(Enumerable.Repeat("aaaa", 500)) + new string(' ', 300) + new string('9', 100);
    }

    // The package has the file's tokens in order, one a line behind a line that says how many, without their ranks.
    private static byte[] Ranks(string package)
    {
        Assembly assembly = Assembly.Load($"Microsoft.ML.Tokenizers.Data.{package}");
        using Stream resource = assembly.GetManifestResourceStream(assembly.GetManifestResourceNames().Single(n => n.EndsWith(".deflate", StringComparison.Ordinal)))!;
        using StreamReader reader = new(new DeflateStream(resource, CompressionMode.Decompress));
        StringBuilder file = new();
        int rank = 0;
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith("Capacity", StringComparison.Ordinal) && line.Length > 0)
                file.Append(line.Split(' ')[0]).Append(' ').Append(rank++).Append('\n');
        return Encoding.ASCII.GetBytes(file.ToString());
    }
}
