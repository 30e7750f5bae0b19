using System.Globalization;
using Tessera.Trainer.Output;

namespace Tessera.Trainer.Tokenizers;

/// <summary>The learned merges among the checkpoints, a pair of ids a line: a run that goes on keeps its tokenizer.</summary>
internal static class VocabularyFile
{
    public static Vocabulary LoadOrMake(string path, Func<Vocabulary> make)
    {
        if (File.Exists(path))
            return new Vocabulary([.. File.ReadLines(path).Select(Pair)]);
        Vocabulary made = make();
        AtomicFile.Write(path, string.Join('\n', made.Merges.Select(m => $"{m.Left} {m.Right}")) + "\n");
        return made;
    }

    private static (int, int) Pair(string line)
    {
        string[] ids = line.Split(' ');
        return (int.Parse(ids[0], CultureInfo.InvariantCulture), int.Parse(ids[1], CultureInfo.InvariantCulture));
    }
}
