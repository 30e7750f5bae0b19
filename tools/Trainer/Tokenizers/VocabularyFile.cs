using System.Globalization;
using Tessera.Trainer.Output;

namespace Tessera.Trainer.Tokenizers;

/// <summary>The learned merges among the checkpoints, a pair of ids a line: a run that goes on keeps its tokenizer.</summary>
internal static class VocabularyFile
{
    public static Vocabulary LoadOrMake(string path, Func<Vocabulary> make)
    {
        if (File.Exists(path))
            return new Vocabulary(Read(path));
        Vocabulary made = make();
        AtomicFile.Write(path, string.Join('\n', made.Merges.Select(m => $"{m.Left} {m.Right}")) + "\n");
        return made;
    }

    private static (int, int)[] Read(string path)
    {
        string[] lines = File.ReadAllLines(path);
        if (lines.Length != Vocabulary.MergeCount)
            throw new InvalidDataException($"{path}: expected {Vocabulary.MergeCount} lines, found {lines.Length}; without it, the tokenizer is trained again");
        return [.. lines.Select((line, i) => Pair(line, 256 + i) ?? throw new InvalidDataException($"{path}, line {i + 1}: expected two ids of earlier tokens, found '{line}'"))];
    }

    private static (int, int)? Pair(string line, int before) =>
        line.Split(' ') is [string a, string b] && Id(a, before) is int left && Id(b, before) is int right ? (left, right) : null;

    private static int? Id(string text, int before) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < before ? id : null;
}
