using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.Trainer.Tokenizers;

/// <summary>Learns merges: again and again, the pair of neighbours that is most frequent becomes a token (arXiv 1508.07909).</summary>
internal static class BpeTrainer
{
    public static Vocabulary Train(IEnumerable<string> texts)
    {
        Dictionary<string, int> counts = [];
        foreach (string text in texts)
            foreach (string word in PreTokenizer.Split(text))
                CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        // In ordinal order, so that equal counts are decided the same way on every machine.
        (int[] Ids, int Count)[] words = [.. counts.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (Encoding.UTF8.GetBytes(p.Key).Select(b => (int)b).ToArray(), p.Value))];
        List<(int, int)> merges = [];
        Dictionary<(int, int), long> pairs = [];
        while (merges.Count < Vocabulary.MergeCount)
        {
            pairs.Clear();
            foreach ((int[] ids, int count) in words)
                for (int i = 1; i < ids.Length; i++)
                    CollectionsMarshal.GetValueRefOrAddDefault(pairs, (ids[i - 1], ids[i]), out _) += count;
            if (pairs.Count == 0)
                throw new InvalidOperationException($"the corpus has only {merges.Count} merges, {Vocabulary.MergeCount} are needed");
            (int, int) best = pairs.OrderByDescending(p => p.Value).ThenBy(p => p.Key).First().Key;
            int made = 256 + merges.Count;
            merges.Add(best);
            for (int w = 0; w < words.Length; w++)
                words[w].Ids = Merge(words[w].Ids, best, made);
        }
        return new Vocabulary(merges);
    }

    /// <summary>The ids with each such pair made one, from the left.</summary>
    public static int[] Merge(int[] ids, (int Left, int Right) pair, int made)
    {
        int found = 0;
        for (int i = 1; i < ids.Length && found == 0; i++)
            found = ids[i - 1] == pair.Left && ids[i] == pair.Right ? i : 0;
        if (found == 0)
            return ids;
        List<int> merged = [];
        for (int i = 0; i < ids.Length; i++)
            if (i + 1 < ids.Length && ids[i] == pair.Left && ids[i + 1] == pair.Right)
            {
                merged.Add(made);
                i++;
            }
            else
                merged.Add(ids[i]);
        return [.. merged];
    }
}
