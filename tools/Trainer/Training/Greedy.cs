using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Tokenizers;

namespace Tessera.Trainer.Training;

/// <summary>Answers by the most likely tokens, each found by a forward of the whole prefix: slow and plain.</summary>
internal sealed unsafe class Greedy(Weights weights, Encoder encoder) : IDisposable
{
    private readonly Network _network = new(weights, Packs.Length);
    private readonly Activations _activations = new(weights.Shape, Packs.Length);

    public void Dispose() => _activations.Dispose();

    public string Answer(IReadOnlyList<Turn> before, string user, int limit = 200) => encoder.Decode(Ids(before, user, limit).Answer);

    /// <summary>The prompt, and the answer with its end token where it came.</summary>
    public (List<int> Prompt, List<int> Answer) Ids(IReadOnlyList<Turn> before, string user, int limit)
    {
        List<int> prompt = ChatMl.Prompt(encoder, before, user), all = [.. prompt], answer = [];
        while (answer.Count < limit && all.Count < Packs.Length)
        {
            int next = Next([.. all]);
            all.Add(next);
            answer.Add(next);
            if (next is Vocabulary.End or Vocabulary.EndOfText)
                break;
        }
        return (prompt, answer);
    }

    /// <summary>The most likely token after each position from <paramref name="first"/> on.</summary>
    public int[] Best(int[] ids, int first)
    {
        _network.Forward(ids, [0], _activations, first);
        int[] best = new int[ids.Length - first];
        for (int t = first; t < ids.Length; t++)
            best[t - first] = Top(t);
        return best;
    }

    private int Next(int[] ids)
    {
        _network.Forward(ids, [0], _activations, ids.Length - 1);
        return Top(ids.Length - 1);
    }

    private int Top(int t)
    {
        Span<float> row = new(_activations.Logits.Data + (long)t * Shape.Vocabulary, Shape.Vocabulary);
        int best = 0;
        for (int i = 1; i < row.Length; i++)
            if (row[i] > row[best])
                best = i;
        return best;
    }
}
