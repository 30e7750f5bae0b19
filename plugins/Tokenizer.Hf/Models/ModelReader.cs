using System.Text.Json;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/models">models</see> and their vocabularies.</summary>
internal static class ModelReader
{
    public static WordModel Read(JsonPart part, Vocabulary vocabulary, bool endsInByteLevel)
    {
        string type = part.Find("type")?.Text() ?? TypeOf(part);
        if (type is "BPE" or "WordPiece" or "WordLevel")
            vocabulary.ReadIds(part.Get("vocab"));
        return type switch
        {
            "BPE" => new BpeModel(part, vocabulary, endsInByteLevel),
            "WordPiece" => new WordPieces(part, vocabulary),
            "WordLevel" => new WordLevel(part, vocabulary),
            "Unigram" => new UnigramWords(part, vocabulary),
            _ => throw part.Unknown("model", type),
        };
    }

    // The oldest files have no type.
    private static string TypeOf(JsonPart part) =>
        part.Find("merges") is not null ? "BPE"
        : part.Get("vocab").Kind == JsonValueKind.Array ? "Unigram"
        : part.Find("max_input_chars_per_word") is not null ? "WordPiece"
        : "WordLevel";
}
