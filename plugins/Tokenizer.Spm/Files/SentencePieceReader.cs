using Tessera.Tokenizer.Spm.Normalization;
using Tessera.Tokenizers.Common.Files;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Normalization;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Spm.Files;

/// <summary>Builds the tokenizer of a <c>tokenizer.model</c>, with the added tokens and flags of a tokenizer_config.json beside it.</summary>
/// <remarks>Texts get BOS in front and EOS behind as tokenizer_config.json says; where it does not, as the kinds <c>llama</c> and <c>t5</c> have it: BOS for a BPE model, EOS for a unigram one,
/// if the model has such a token. Where control tokens are parsed, each part of the text is encoded by itself.</remarks>
internal static class SentencePieceReader
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "tokenizer.model";

    // Bounds what one position of a text can cost.
    private const int LongestUserDefined = 1024;

    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    /// <summary>Builds the tokenizer.</summary>
    /// <exception cref="ModelFormatException">A file breaks its rules.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind that is not known here.</exception>
    public static ITokenizer Create(TokenizerAssets files)
    {
        string name = files.Files.Keys.FirstOrDefault(n => n.EndsWith(".model", StringComparison.Ordinal))
            ?? throw new ModelFormatException($"no {FileName} among the model's files; they are {string.Join(", ", files.Files.Keys)}");
        SentencePieceModel model = SentencePieceModel.Read(files.Files[name]);
        TokenizerConfig config = TokenizerConfig.Read(files.Files);
        int ownPieces = model.Tokens.Count;
        Check(model);
        TokenKind[] ownKinds = [.. model.Kinds];
        Dictionary<int, SpaceRule> spaceRules = config.AddTo(model.Tokens, model.Kinds);
        Dictionary<SpecialToken, int> roles = model.Roles();
        TokenizerAssets assets = new()
        {
            Model = files.Model,
            Tokens = [.. model.Tokens],
            Kinds = [.. model.Kinds],
            Scores = [.. model.Scores, .. new float[model.Tokens.Count - ownPieces]],
            Special = roles,
            EndTokens = files.EndTokens,
        };
        TokenTable table = new(assets, Spell, NoDefaults);
        // The model's own user-defined pieces belong to the normalized text; added tokens and control tokens to the text as it is.
        bool InText(int id) => id < ownPieces && ownKinds[id] == TokenKind.UserDefined && table.Kind(id) == TokenKind.UserDefined;
        ByteTrie userDefined = UnigramTokenizer.Pieces(assets, InText);
        PieceSettings settings = new()
        {
            Normalizer = new SentenceNormalizer(CharsMap.Read(model.CharsMap), userDefined,
                new NormalizerRules(model.AddPrefix, model.RemoveExtraSpaces, model.EscapeSpaces, model.SpaceIsSuffix)),
            StripsSpace = model.AddPrefix && !model.SpaceIsSuffix,
            AddBos = files.AddBos ?? config.AddBos ?? (model.Type == ModelType.Bpe && roles.ContainsKey(SpecialToken.Bos)),
            AddEos = files.AddEos ?? config.AddEos ?? (model.Type == ModelType.Unigram && roles.ContainsKey(SpecialToken.Eos)),
            Specials = new SpecialTokens(table, assets, InText, spaceRules),
        };
        return model.Type == ModelType.Bpe
            ? new SpmTokenizer(assets, table, settings, userDefined.Count > 1 ? userDefined : null)
            // SentencePiece's own score: better than any ordinary cover of the same bytes.
            : new UnigramTokenizer(assets, table, settings, static (length, highest) => length * highest - 0.1, useUnused: false);
    }

    private static void Check(SentencePieceModel model)
    {
        if (model.Type is not (ModelType.Unigram or ModelType.Bpe))
            throw new UnsupportedModelException($"{FileName}: the model is of type {(int)model.Type}; known are 1 (unigram) and 2 (BPE)");
        for (int id = 0; id < model.Tokens.Count; id++)
        {
            if (model.Kinds[id] == TokenKind.UserDefined && model.Tokens[id].Length > LongestUserDefined)
                throw new ModelFormatException($"{FileName}: user-defined piece {id} is {model.Tokens[id].Length} bytes long, at most {LongestUserDefined} are supported");
            if (model.Type == ModelType.Bpe && model.Kinds[id] == TokenKind.Unused)
                throw new UnsupportedModelException($"{FileName}: piece {id} is unused; unused pieces of a BPE model are not supported");
        }
    }

    private static void Spell(int id, TokenKind kind, ReadOnlySpan<byte> spelling, List<byte> bytes)
    {
        if (kind == TokenKind.Byte)
            bytes.Add(ByteTokens.Parse(id, spelling));
        else if (kind is TokenKind.Control or TokenKind.Unknown)
            bytes.AddRange(spelling);
        else
            WordMarks.ToSpaces(spelling, bytes);
    }
}
