using System.Text;

namespace Tessera.Trainer.Tokenizers;

/// <summary>Text to ids and back.</summary>
internal sealed class Encoder(Vocabulary vocabulary)
{
    private readonly Dictionary<(int, int), int> _made = vocabulary.Merges.Select((pair, i) => (pair, i)).ToDictionary(p => p.pair, p => 256 + p.i);
    private readonly Dictionary<string, int[]> _words = [];

    public void Encode(string text, List<int> into)
    {
        foreach (string word in PreTokenizer.Split(text))
        {
            if (!_words.TryGetValue(word, out int[]? ids))
                _words[word] = ids = Word(word);
            into.AddRange(ids);
        }
    }

    public string Decode(IEnumerable<int> ids) => Encoding.UTF8.GetString([.. ids.Where(id => id < Vocabulary.EndOfText).SelectMany(vocabulary.Bytes)]);

    private int[] Word(string word)
    {
        int[] ids = [.. Encoding.UTF8.GetBytes(word).Select(b => (int)b)];
        while (ids.Length > 1)
        {
            int best = int.MaxValue;
            (int, int) pair = default;
            for (int i = 1; i < ids.Length; i++)
                if (_made.TryGetValue((ids[i - 1], ids[i]), out int made) && made < best)
                    (best, pair) = (made, (ids[i - 1], ids[i]));
            if (best == int.MaxValue)
                break;
            ids = BpeTrainer.Merge(ids, pair, best);
        }
        return ids;
    }
}
