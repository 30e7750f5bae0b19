namespace Tessera.Abstractions.Tokenizers;

/// <summary>Creates tokenizers of one kind from a model's assets.</summary>
public interface ITokenizerFactory
{
    /// <summary>Whether this factory knows how to read such assets; looks at <see cref="TokenizerAssets.Model"/> and the files' names only.</summary>
    bool CanCreate(TokenizerAssets assets);

    /// <summary>Builds the tokenizer.</summary>
    /// <exception cref="ModelFormatException">The assets contradict themselves: a length, an id, a merge; the text names it.</exception>
    /// <exception cref="UnsupportedModelException">The assets ask for a pre-tokenizer or part that this factory does not have; the text names it.</exception>
    ITokenizer Create(TokenizerAssets assets);
}

/// <summary>Turns text into token ids and back. Immutable: any number of threads may use one at a time.</summary>
public interface ITokenizer
{
    /// <summary>The number of ids; valid ids are 0 … count − 1.</summary>
    int VocabularySize { get; }

    /// <summary>The ids after which generation stops: EOS, end-of-turn tokens by role and by well-known spelling; ascending.</summary>
    IReadOnlyList<int> EndTokens { get; }

    /// <summary>The id that plays a role, or null.</summary>
    int? Special(SpecialToken role);

    /// <summary>The kind of a token.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    TokenKind Kind(int id);

    /// <summary>The bytes that a token stands for by itself, special tokens spelled out; a SentencePiece token keeps its leading space. Valid as long as the tokenizer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    ReadOnlySpan<byte> Piece(int id);

    /// <summary>Appends the ids of a text to a list.</summary>
    /// <param name="text">The text; unpaired surrogates count as U+FFFD.</param>
    /// <param name="options">What to do about special tokens.</param>
    /// <param name="ids">The list to append to.</param>
    void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids);

    /// <summary>A decoder of its own state for one stream of tokens.</summary>
    /// <param name="skipControl">For readers of generated text: leaves out control and unknown tokens. Else special tokens are spelled out, and a whole text comes back
    /// as llama.cpp's detokenizer gives it, which in some vocabularies takes back the space before punctuation. A SentencePiece text loses its first space in both.</param>
    ITokenDecoder CreateDecoder(bool skipControl);
}

/// <summary>A tokenizer that knows what its model wants around and between two texts, such as a query and a document.</summary>
public interface IPairTokenizer : ITokenizer
{
    /// <summary>The number of tokens that <see cref="JoinPair"/> adds.</summary>
    int PairTokens { get; }

    /// <summary>Appends two texts that were encoded without special tokens, and what belongs around and between them.</summary>
    /// <param name="first">The first text's ids.</param>
    /// <param name="second">The second text's ids.</param>
    /// <param name="ids">The list to append to.</param>
    /// <param name="types">Takes a token type for each id: 0 for the first text, 1 for the second, or as the tokenizer's file says.</param>
    void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types);
}

/// <summary>How a text is encoded.</summary>
public readonly ref struct EncodeOptions
{
    /// <summary>Adds what the model wants around a text (BOS, EOS, …).</summary>
    public bool AddSpecial { get; init; }

    /// <summary>Spellings of control tokens in the text become those tokens; else they are text. User-defined tokens are matched in any case.</summary>
    public bool ParseSpecial { get; init; }

    /// <summary>Ascending positions in the text (UTF-16 units) that no control token may span: a spelling with such a position strictly inside is plain text.</summary>
    public ReadOnlySpan<int> SpecialBreaks { get; init; }
}

/// <summary>Turns one stream of tokens into bytes. Not thread-safe; allocates nothing after it was created.</summary>
public interface ITokenDecoder
{
    /// <summary>An upper bound of the bytes that one <see cref="Append"/> or <see cref="Finish"/> writes.</summary>
    int MaxBytes { get; }

    /// <summary>Writes the bytes that a token adds to the stream. They need not end at a character's end: the caller joins them.</summary>
    /// <param name="id">The token.</param>
    /// <param name="destination">At least <see cref="MaxBytes"/> long.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    int Append(int id, Span<byte> destination);

    /// <summary>Writes what the decoder still holds back at the end of the stream.</summary>
    int Finish(Span<byte> destination);

    /// <summary>Starts a new stream.</summary>
    void Reset();
}
