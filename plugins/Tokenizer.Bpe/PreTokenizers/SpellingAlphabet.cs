namespace Tessera.Tokenizer.Bpe.PreTokenizers;

/// <summary>How a BPE vocabulary spells bytes.</summary>
internal enum SpellingAlphabet
{
    /// <summary>Each byte is a character of GPT-2's printable alphabet.</summary>
    Gpt2,
    /// <summary>UTF-8 as it is; merges begin with characters, and what has no token is spelled in byte tokens.</summary>
    Plain,
    /// <summary>The same, with U+2581 for a space.</summary>
    MarkedSpaces,
}
