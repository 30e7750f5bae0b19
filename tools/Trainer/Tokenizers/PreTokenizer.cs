using System.Text.RegularExpressions;

namespace Tessera.Trainer.Tokenizers;

/// <summary>Splits text as the pre-tokenizer that GGUF calls <c>smollm</c> does: each digit alone, then GPT-2's words with their leading space.</summary>
internal static partial class PreTokenizer
{
    public static IEnumerable<string> Split(string text)
    {
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !char.IsDigit(text[i]))
                continue;
            foreach (Match match in Words().Matches(text[start..i]))
                yield return match.Value;
            if (i < text.Length)
                yield return text[i].ToString();
            start = i + 1;
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Words();
}
