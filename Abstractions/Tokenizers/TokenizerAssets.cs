namespace Tessera.Abstractions.Tokenizers;

/// <summary>What a model's files say about its tokenizer, in one form for every weight format.</summary>
public sealed class TokenizerAssets
{
    /// <summary>The kind of tokenizer, in GGUF's words (<c>tokenizer.ggml.model</c>): <c>llama</c> (SentencePiece), <c>gpt2</c> (byte-level BPE), <c>bert</c> (WordPiece), <c>t5</c> (unigram), …;
    /// or a file of <see cref="Files"/>: <c>hf</c> (tokenizer.json), <c>sentencepiece</c> (tokenizer.model), <c>tiktoken</c> (a rank file). A file may come with tokenizer_config.json; <see cref="Tokens"/> is empty then.</summary>
    public required string Model { get; init; }

    /// <summary>The pre-tokenizer's name (<c>tokenizer.ggml.pre</c>), or null where the model does not say.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>The UTF-8 spelling of each token as the file has it (byte-level BPE: in GPT-2's printable alphabet); the index is the id.</summary>
    public required byte[][] Tokens { get; init; }

    /// <summary>A score for each token (SentencePiece: log-probability or merge rank), or empty.</summary>
    public float[] Scores { get; init; } = [];

    /// <summary>The kind of each token, or empty where the file does not say; else as long as <see cref="Tokens"/>.</summary>
    public TokenKind[] Kinds { get; init; } = [];

    /// <summary>BPE merges as "left right", best first, or empty.</summary>
    public string[] Merges { get; init; } = [];

    /// <summary>Ids of special tokens by role; a role that the file does not name is absent.</summary>
    public IReadOnlyDictionary<SpecialToken, int> Special { get; init; } = new Dictionary<SpecialToken, int>();

    /// <summary>The ids after which generation stops, where the model's files list them; null: as special tokens and well-known spellings say.</summary>
    public int[]? EndTokens { get; init; }

    /// <summary>Whether encoding with special tokens puts BOS first; null: the kind's own default.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether encoding with special tokens puts EOS last; null: the kind's own default.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether a pair of texts has one more separator between them, behind what ends the first; null: the kind's own default.</summary>
    public bool? AddSep { get; init; }

    /// <summary>Whether text gets a space in front (SentencePiece); null: the kind's own default.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary>Whether runs of white space become one space; null: the kind's own default.</summary>
    public bool? RemoveExtraWhitespaces { get; init; }

    /// <summary>The model's own name (<c>general.name</c>); some tokenizers of old files are told apart by it alone.</summary>
    public string? ModelName { get; init; }

    /// <summary>Whether text becomes lower case (<c>tokenizer.ggml.normalizer.lowercase</c>); null: the kind's own default.</summary>
    public bool? Lowercase { get; init; }

    /// <summary>Whether letters lose their accents (<c>tokenizer.ggml.normalizer.strip_accents</c>); null: as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>The SentencePiece normalizer's compiled character map (<c>precompiled_charsmap</c>), or empty.</summary>
    public byte[] PrecompiledCharsMap { get; init; } = [];

    /// <summary>Whole tokenizer files by name (tokenizer.json, tokenizer_config.json, tokenizer.model, cl100k_base.tiktoken), where the format has them. The names count:
    /// a rank file's says how it cuts texts.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; init; } = new Dictionary<string, byte[]>();
}

/// <summary>The kind of a token, with GGUF's numbers (<c>tokenizer.ggml.token_type</c>).</summary>
public enum TokenKind
{
    /// <summary>The file does not say.</summary>
    Undefined = 0,
    /// <summary>Plain text.</summary>
    Normal = 1,
    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    Unknown = 2,
    /// <summary>Steers the model; matched in text only where special tokens are parsed, and not shown to readers.</summary>
    Control = 3,
    /// <summary>Added by the model's maker; always matched in text as a whole.</summary>
    UserDefined = 4,
    /// <summary>Never produced.</summary>
    Unused = 5,
    /// <summary>One byte, spelled <c>&lt;0xNN&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>The role of a special token.</summary>
public enum SpecialToken
{
    /// <summary>Begins a text.</summary>
    Bos,
    /// <summary>Ends a text.</summary>
    Eos,
    /// <summary>Ends a turn.</summary>
    Eot,
    /// <summary>Ends a message that a tool must answer.</summary>
    Eom,
    /// <summary>Stands for what the vocabulary cannot spell.</summary>
    Unknown,
    /// <summary>Separates two texts.</summary>
    Separator,
    /// <summary>Fills a row.</summary>
    Padding,
    /// <summary>Begins a text for classification.</summary>
    Classification,
    /// <summary>Hides a token.</summary>
    Mask,
}
