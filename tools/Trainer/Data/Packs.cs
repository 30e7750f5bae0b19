using Tessera.Trainer.Tokenizers;

namespace Tessera.Trainer.Data;

/// <summary>One row of training data: ids, what each position must say next at which weight, and where conversations begin, which see nothing of one another.</summary>
internal sealed record Pack(int[] Ids, int[] Targets, float[] Weights, int[] Starts);

/// <summary>The corpus as packs of whole conversations, filled up with end-of-text of no weight.</summary>
internal sealed class Packs
{
    public const int Length = 512;

    /// <summary>A question's words are guesses: they teach little, but something.</summary>
    private const float HeardWeight = 0.1f;

    /// <summary>A long answer is a story, whose choices are mostly free; a short one is a fact.</summary>
    private const float LongWeight = 0.5f;

    private const int Long = 40;

    /// <summary>
    /// A rare word (a name, a country, a colour) is what an answer is about: it counts so much more than those around it. Early in training only where it was said before: first of all the model
    /// learns to look back. Later everywhere, for the early weights make it look back too often: "9 - 5 = 5".
    /// </summary>
    private const float RareWeight = 3;

    /// <summary>In a long answer, of a rare word that was said before: the hero, the place and the names are what a story has to keep.</summary>
    private const float KeptWeight = 3;

    private const int RareLetters = 3;

    private const int Commonest = 80;

    /// <summary>The share of conversations that go on from the one before.</summary>
    private const double Joined = 0.2;

    /// <summary>So many conversations may wait for a pack that they fit.</summary>
    private const int Waiting = 64;

    private readonly List<(List<int> Ids, List<float> Early, List<float> Late)> _documents;

    public Packs(IEnumerable<Conversation> corpus, Encoder encoder)
    {
        (List<int> Ids, List<bool> Said)[] encoded = [.. corpus.Select(c => ChatMl.Encode(encoder, c)).Where(d => d.Ids.Count < Length)];
        HashSet<int> rare = [.. Enumerable.Range(0, Vocabulary.Size).Where(id => encoder.Decode([id]).Count(char.IsLetter) >= RareLetters)];
        rare.ExceptWith(encoded.SelectMany(d => d.Ids).CountBy(id => id).OrderByDescending(c => c.Value).Take(Commonest).Select(c => c.Key));
        _documents = [.. encoded.Select(d => (d.Ids, Weigh(d.Ids, d.Said, rare, early: true), Weigh(d.Ids, d.Said, rare, early: false)))];
        TokenCount = _documents.Sum(d => (long)d.Ids.Count);
    }

    public int Documents => _documents.Count;

    public long TokenCount { get; }

    /// <summary>Packs without end: each time through the corpus in another order; the first ones with early weights.</summary>
    public IEnumerable<Pack> Endless(int seed, int early)
    {
        Random random = new(seed);
        int[] order = [.. Enumerable.Range(0, _documents.Count)];
        List<int> waiting = [];
        int next = order.Length;
        for (int made = 0; ; made++)
        {
            List<int> ids = [];
            List<float> weights = [];
            List<int> starts = [0];
            while (true)
            {
                while (waiting.Count < Waiting)
                {
                    if (next == order.Length)
                    {
                        random.Shuffle(order);
                        next = 0;
                    }
                    waiting.Add(order[next++]);
                }
                int fits = waiting.FindIndex(d => _documents[d].Ids.Count + 1 <= Length + 1 - ids.Count);
                if (fits < 0)
                    break;
                (List<int> document, List<float> first, List<float> later) = _documents[waiting[fits]];
                waiting.RemoveAt(fits);
                // Some go on from the one before, so that long conversations are seen too.
                if (ids.Count > 0 && random.NextDouble() >= Joined)
                {
                    ids.Add(Vocabulary.EndOfText);
                    weights.Add(0);
                    starts.Add(ids.Count);
                }
                ids.AddRange(document);
                weights.AddRange(made < early ? first : later);
            }
            yield return Make(ids, weights, starts);
        }
    }

    private static List<float> Weigh(List<int> ids, List<bool> said, HashSet<int> rare, bool early)
    {
        List<float> weights = [];
        HashSet<int> before = [];
        while (weights.Count < said.Count)
        {
            int end = weights.Count;
            while (end < said.Count && said[end] == said[weights.Count])
                end++;
            float weight = !said[end - 1] ? HeardWeight : end - weights.Count >= Long ? LongWeight : 1;
            foreach (int id in ids[weights.Count..end])
            {
                bool again = !before.Add(id);
                bool counts = (again || !early) && said[end - 1] && rare.Contains(id);
                weights.Add(!counts ? weight : again ? Math.Max(KeptWeight, RareWeight * weight) : RareWeight * weight);
            }
        }
        return weights;
    }

    private static Pack Make(List<int> ids, List<float> weights, List<int> starts)
    {
        Pack pack = new(new int[Length], new int[Length], new float[Length], [.. starts.Where(s => s < Length)]);
        for (int i = 0; i < Length; i++)
        {
            pack.Ids[i] = i < ids.Count ? ids[i] : Vocabulary.EndOfText;
            pack.Targets[i] = i + 1 < ids.Count ? ids[i + 1] : Vocabulary.EndOfText;
            pack.Weights[i] = i + 1 < ids.Count ? weights[i + 1] : 0;
        }
        return pack;
    }
}
