using Tessera.Conformance.Batches;
using Tessera.Conformance.Interpreter;

namespace Tessera.Conformance.Tests.Checks;

/// <summary>The reference with a runtime that chooses tokens, rightly or with a mistake.</summary>
internal sealed unsafe class ChoosingBackend(string mistake = "") : IKernelBackend
{
    public const int MaxBest = 20;

    public string Name => "choosing";

    public IReadOnlyDictionary<string, int> Operations { get; } = new ReferenceBackend().Operations;

    /// <summary>Rows that wanted best tokens and no logits, and rows that wanted both.</summary>
    public (int Alone, int Both) Asked { get; private set; }

    public IModelRuntime Build(BackendRequest request) => new Runtime(this, request.Graph.VocabularySize, new ReferenceBackend().Build(request));

    private int Spoil(Span<BestToken> best, int count)
    {
        switch (mistake)
        {
            case "order":
                best[..count].Reverse();
                return count;
            case "a token less":
                return Math.Max(0, count - 1);
            case "next token":
                for (int i = 0; i < count; i++)
                    best[i] = best[i] with { Token = best[i].Token ^ 1 };
                return count;
            case "logit":
                best[count - 1] = best[count - 1] with { Logit = best[count - 1].Logit + 0.01f };
                return count;
            default:
                return count;
        }
    }

    private sealed class Runtime(ChoosingBackend backend, int vocabulary, IModelRuntime inner) : IChoosingRuntime
    {
        private readonly List<int> _logits = [];
        private readonly List<(int Row, int Count)> _best = [];
        private readonly BestToken[] _found = new BestToken[ChoosingBackend.MaxBest];

        public int MaxBest => ChoosingBackend.MaxBest;
        public long ScratchBytes => inner.ScratchBytes;

        public void Submit(Batch batch)
        {
            RowOutputs[] wanted = [.. Enumerable.Range(0, batch.RowCount).Select(row => batch.Outputs[row])];
            _logits.Clear();
            _best.Clear();
            for (int row = 0, head = 0; row < wanted.Length; row++)
            {
                bool logits = (wanted[row] & RowOutputs.Logits) != 0, best = (wanted[row] & RowOutputs.Best) != 0;
                if (logits)
                    _logits.Add(head);
                if (best)
                    _best.Add((head, batch.BestCounts[row]));
                backend.Asked = (backend.Asked.Alone + (best && !logits ? 1 : 0), backend.Asked.Both + (best && logits ? 1 : 0));
                head += logits || best ? 1 : 0;
                if (best)
                    batch.Outputs[row] = (wanted[row] & ~RowOutputs.Best) | RowOutputs.Logits;
            }
            inner.Submit(batch);
            for (int row = 0; row < wanted.Length; row++)
                batch.Outputs[row] = wanted[row];
        }

        public ReadOnlySpan<BestToken> Best(int output)
        {
            (int row, int count) = _best[output];
            int found = BestRows.Choose(new(inner.Logits(row), vocabulary), _found.AsSpan(0, count));
            return _found.AsSpan(0, backend.Spoil(_found, found));
        }

        public bool Wait() => inner.Wait();
        public float* Logits(int output) => inner.Logits(_logits[output]);
        public float* Hidden(int output) => inner.Hidden(output);
        public long BlockBytes(int group) => inner.BlockBytes(group);
        public bool TryGrow(int group, int blocks) => inner.TryGrow(group, blocks);
        public void Shrink(int group, int blocks) => inner.Shrink(group, blocks);
        public IReadOnlyList<string> Explain() => inner.Explain();
        public void Dispose() => inner.Dispose();
    }
}
