using System.Text;

namespace Tessera.Tokenizer.Spm.Files;

/// <summary>A SentencePiece model file (<c>tokenizer.model</c>): <see href="https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto">sentencepiece_model.proto</see>.</summary>
internal sealed class SentencePieceModel
{
    // Where the file does not say: the defaults of sentencepiece_model.proto.
    private string _unknown = "<unk>", _bos = "<s>", _eos = "</s>", _padding = "<pad>";

    public List<byte[]> Tokens { get; } = [];

    public List<float> Scores { get; } = [];

    public List<TokenKind> Kinds { get; } = [];

    public ModelType Type { get; private set; } = ModelType.Unigram;

    public bool SpaceIsSuffix { get; private set; }

    public byte[] CharsMap { get; private set; } = [];

    public bool AddPrefix { get; private set; } = true;

    public bool RemoveExtraSpaces { get; private set; } = true;

    public bool EscapeSpaces { get; private set; } = true;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ModelFormatException">It is no such file, or breaks its rules.</exception>
    public static SentencePieceModel Read(ReadOnlySpan<byte> file)
    {
        SentencePieceModel model = new();
        ProtoReader reader = new(file, "the file");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    model.AddPiece(reader.Block());
                    break;
                case 2:
                    model.ReadTrainer(reader.Block());
                    break;
                case 3:
                    model.ReadNormalizer(reader.Block());
                    break;
            }
        }
        return model.Tokens.Count > 0 ? model : throw new ModelFormatException("tokenizer.model: the file has no pieces");
    }

    /// <summary>The ids of the special tokens: the pieces that the file names, where they are control or unknown pieces.</summary>
    public Dictionary<SpecialToken, int> Roles()
    {
        Dictionary<SpecialToken, int> roles = [];
        foreach ((SpecialToken role, string spelling) in ((SpecialToken, string)[])[(SpecialToken.Bos, _bos), (SpecialToken.Eos, _eos), (SpecialToken.Padding, _padding), (SpecialToken.Unknown, _unknown)])
        {
            byte[] bytes = Encoding.UTF8.GetBytes(spelling);
            int id = Tokens.FindIndex(t => t.AsSpan().SequenceEqual(bytes));
            if (id >= 0 && Kinds[id] is TokenKind.Control or TokenKind.Unknown)
                roles[role] = id;
        }
        // The unknown piece is told by its kind, whatever its name.
        int unknown = Kinds.IndexOf(TokenKind.Unknown);
        if (unknown >= 0)
            roles[SpecialToken.Unknown] = unknown;
        return roles;
    }

    private void AddPiece(ReadOnlySpan<byte> message)
    {
        string what = $"piece {Tokens.Count}";
        (byte[] token, float score, int kind) = ([], 0, (int)TokenKind.Normal);
        ProtoReader reader = new(message, what);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    token = reader.Block().ToArray();
                    break;
                case 2:
                    score = reader.Single();
                    break;
                case 3:
                    kind = reader.Int32();
                    break;
            }
        }
        if (token.Length == 0)
            throw new ModelFormatException($"tokenizer.model: {what} is empty");
        if (kind is < (int)TokenKind.Normal or > (int)TokenKind.Byte)
            throw new ModelFormatException($"tokenizer.model: {what} is of kind {kind}, known are 1 to 6");
        Tokens.Add(token);
        Scores.Add(score);
        Kinds.Add((TokenKind)kind);
    }

    private void ReadTrainer(ReadOnlySpan<byte> message)
    {
        ProtoReader reader = new(message, "trainer_spec");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3:
                    Type = (ModelType)reader.Int32();
                    break;
                case 24:
                    SpaceIsSuffix = reader.Flag();
                    break;
                case 45:
                    _unknown = Encoding.UTF8.GetString(reader.Block());
                    break;
                case 46:
                    _bos = Encoding.UTF8.GetString(reader.Block());
                    break;
                case 47:
                    _eos = Encoding.UTF8.GetString(reader.Block());
                    break;
                case 48:
                    _padding = Encoding.UTF8.GetString(reader.Block());
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        ProtoReader reader = new(message, "normalizer_spec");
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    CharsMap = reader.Block().ToArray();
                    break;
                case 3:
                    AddPrefix = reader.Flag();
                    break;
                case 4:
                    RemoveExtraSpaces = reader.Flag();
                    break;
                case 5:
                    EscapeSpaces = reader.Flag();
                    break;
            }
        }
    }
}

/// <summary>The kinds of SentencePiece models, with the file's numbers.</summary>
internal enum ModelType
{
    Unigram = 1,
    Bpe = 2,
    Word = 3,
    Char = 4,
}
