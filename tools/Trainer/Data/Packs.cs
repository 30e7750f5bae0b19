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
    private const float LongWeight = 0.7f;

    private const int Long = 40;

    /// <summary>The share of conversations that go on from the one before.</summary>
    private const double Joined = 0.2;

    /// <summary>So many conversations may wait for a pack that they fit.</summary>
    private const int Waiting = 64;

    private readonly List<(List<int> Ids, List<float> Weights)> _documents;

    public Packs(IEnumerable<Conversation> corpus, Encoder encoder)
    {
        _documents = [.. corpus.Select(c => ChatMl.Encode(encoder, c)).Where(d => d.Ids.Count < Length).Select(d => (d.Ids, Weigh(d.Said)))];
        TokenCount = _documents.Sum(d => (long)d.Ids.Count);
    }

    public int Documents => _documents.Count;

    public long TokenCount { get; }

    /// <summary>Packs without end: each time through the corpus in another order.</summary>
    public IEnumerable<Pack> Endless(int seed)
    {
        Random random = new(seed);
        int[] order = [.. Enumerable.Range(0, _documents.Count)];
        List<int> waiting = [];
        int next = order.Length;
        while (true)
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
                (List<int> document, List<float> weighed) = _documents[waiting[fits]];
                waiting.RemoveAt(fits);
                // Some go on from the one before, so that long conversations are seen too.
                if (ids.Count > 0 && random.NextDouble() >= Joined)
                {
                    ids.Add(Vocabulary.EndOfText);
                    weights.Add(0);
                    starts.Add(ids.Count);
                }
                ids.AddRange(document);
                weights.AddRange(weighed);
            }
            yield return Make(ids, weights, starts);
        }
    }

    private static List<float> Weigh(List<bool> said)
    {
        List<float> weights = [];
        while (weights.Count < said.Count)
        {
            int end = weights.Count;
            while (end < said.Count && said[end] == said[weights.Count])
                end++;
            int run = end - weights.Count;
            weights.AddRange(Enumerable.Repeat(!said[end - 1] ? HeardWeight : run >= Long ? LongWeight : 1, run));
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
