using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>A word is a token, or unknown.</summary>
internal sealed class WordLevel : WordModel
{
    private readonly ByteLookup _lookup;

    public WordLevel(JsonPart part, Vocabulary vocabulary)
    {
        Unknown = UnknownToken.Require(part, vocabulary, "<unk>");
        _lookup = new ByteLookup(PieceStore.Build(vocabulary.Count, (id, bytes) => bytes.AddRange(vocabulary.Utf8(id))), vocabulary.IsModels);
    }

    protected override void EncodeNew(ReadOnlySpan<byte> word, ModelWork work, List<int> ids) =>
        ids.Add(_lookup.Find(word) is >= 0 and int id ? id : Unknown);
}

/// <summary>The token for what a vocabulary of words lacks.</summary>
internal static class UnknownToken
{
    public static int Require(JsonPart part, Vocabulary vocabulary, string otherwise)
    {
        string spelling = part.Find("unk_token")?.Text() ?? otherwise;
        return vocabulary.FindInModel(spelling) is >= 0 and int id ? id
            : throw new ModelFormatException($"{part.Where}: the unk_token '{spelling}' is not in the vocabulary");
    }
}
