using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm.Normalization;

/// <summary>Writes a text the way that a vocabulary spells it.</summary>
internal abstract class TextNormalizer
{
    /// <summary>Appends a text.</summary>
    /// <param name="text">Without special tokens.</param>
    /// <param name="raw">A working set.</param>
    /// <param name="result">The list to append to.</param>
    public abstract void Write(ReadOnlySpan<char> text, NormalText raw, NormalText result);
}

/// <summary>Marks for spaces, and one mark in front where the vocabulary wants it: all that llama.cpp does to a <c>llama</c> text.</summary>
internal sealed class MarkNormalizer(bool addPrefix) : TextNormalizer
{
    public override void Write(ReadOnlySpan<char> text, NormalText raw, NormalText result)
    {
        if (addPrefix)
            result.Append(WordMarks.Utf8);
        while (!text.IsEmpty)
        {
            int space = text.IndexOf(' ');
            result.Append(space < 0 ? text : text[..space]);
            if (space < 0)
                break;
            result.Append(WordMarks.Utf8);
            text = text[(space + 1)..];
        }
    }
}
