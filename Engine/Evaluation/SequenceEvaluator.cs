using Tessera.Engine.Blocks;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Evaluation;

/// <summary>Runs token sequences straight through a runtime: no scheduler, no samplers, no prefix cache, no stop at end tokens. Uses the runtime alone and from one thread; does not own it.</summary>
public sealed unsafe class SequenceEvaluator : IDisposable
{
    private readonly string _name;
    private readonly ModelGraph _graph;
    private readonly IModelRuntime _runtime;
    private readonly IChoosingRuntime? _chooses;
    private readonly RuntimeLimits _limits;
    private readonly int _vocabulary;
    private readonly Batch _batch;
    private readonly BlockPool _pool;
    private readonly BlockTable _table;
    private readonly int? _planned;

    /// <summary>Makes an evaluator; KV blocks are taken from the runtime as they are needed.</summary>
    /// <param name="name">The model's name, for messages.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="runtime">The lowered graph; used by nobody else meanwhile.</param>
    /// <param name="limits">The sizes that the runtime was built for.</param>
    /// <param name="plannedContext">The context that the user gave, which rotations follow then; null: each sequence with its continuation is planned for itself.</param>
    public SequenceEvaluator(string name, ModelGraph graph, IModelRuntime runtime, RuntimeLimits limits, int? plannedContext = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        (_name, _graph, _runtime, _limits, _planned) = (name, graph, runtime, limits, plannedContext);
        _chooses = runtime is IChoosingRuntime { MaxBest: > 0 } chooses ? chooses : null;
        _vocabulary = graph.VocabularySize;
        _batch = new Batch(_limits, graph.CacheGroups.Count);
        _pool = new BlockPool(runtime, graph, _limits, caching: false);
        _table = new BlockTable(_batch, 0);
    }

    /// <summary>Computes a sequence and gives out the logits after some of its tokens.</summary>
    /// <param name="tokens">The sequence, at least one token.</param>
    /// <param name="positions">Indices of the tokens after which logits are wanted, in any order.</param>
    /// <param name="logits">Called with each distinct index, ascending, and its logits, which are valid during the call.</param>
    /// <param name="greedy">How many tokens to continue with.</param>
    /// <returns>The continuation: after each token the highest logit, the lowest id of equals.</returns>
    /// <exception cref="TesseraException">A token or position is out of range, the sequence is longer than the context, memory is short, or the logits are not numbers; the text says which.</exception>
    public int[] Evaluate(ReadOnlySpan<int> tokens, ReadOnlySpan<int> positions, Action<int, ReadOnlySpan<float>> logits, int greedy = 0)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Check(tokens, greedy);
        bool[] wanted = new bool[tokens.Length];
        foreach (int position in positions)
            wanted[(uint)position < (uint)tokens.Length ? position : throw new TesseraException($"position {position} is not in 0 to {tokens.Length - 1}")] = true;
        _pool.Open(_table, tokens, null, _planned ?? tokens.Length + greedy);
        try
        {
            int next = Prefill(tokens, wanted, logits, greedy > 0);
            return Continue(tokens.Length, next, greedy);
        }
        finally
        {
            _pool.Close(_table);
        }
    }

    /// <summary>Continues a sequence: after each token the highest logit, the lowest id of equals.</summary>
    /// <exception cref="TesseraException">As for <see cref="Evaluate"/>.</exception>
    public int[] Greedy(ReadOnlySpan<int> tokens, int count) => Evaluate(tokens, [], static (_, _) => { }, count);

    /// <summary>Gives the KV blocks back to the runtime's budget.</summary>
    public void Dispose()
    {
        _pool.Trim();
        _batch.Dispose();
    }

    /// <summary>What a row is asked for whose best next token is wanted: where the runtime finds it, its logits stay there.</summary>
    private RowOutputs Next => _chooses is null ? RowOutputs.Logits : RowOutputs.Best;

    private void Check(ReadOnlySpan<int> tokens, int greedy)
    {
        if (_graph.Logits is null)
            throw new UnsupportedModelException($"model '{_name}' has no head and gives no logits");
        if (tokens.IsEmpty)
            throw new TesseraException("tokens: at least one is needed");
        if (greedy < 0)
            throw new TesseraException($"greedy: at least 0 is expected, found {greedy}");
        // The last token of the continuation is not computed.
        long length = tokens.Length + Math.Max(0, greedy - 1L);
        if (length > _limits.MaxContext)
            throw new TesseraException($"{tokens.Length} tokens and {greedy} to generate are longer than the context of {_limits.MaxContext}");
        for (int i = 0; i < tokens.Length; i++)
            if ((uint)tokens[i] >= (uint)_vocabulary)
                throw new TesseraException($"token {tokens[i]} at index {i} is not in 0 to {_vocabulary - 1}");
    }

    /// <summary>Computes all tokens in chunks; returns the best next token, if asked for.</summary>
    private int Prefill(ReadOnlySpan<int> tokens, bool[] wanted, Action<int, ReadOnlySpan<float>> logits, bool wantsNext)
    {
        int next = -1;
        for (int start = 0; start < tokens.Length;)
        {
            _batch.Clear();
            int end = start, outputs = 0;
            for (; end < tokens.Length && end - start < _limits.MaxRows; end++)
            {
                RowOutputs output = (wanted[end] ? RowOutputs.Logits : RowOutputs.None) | (wantsNext && end == tokens.Length - 1 ? Next : RowOutputs.None);
                if (output != RowOutputs.None && outputs == _limits.MaxOutputs)
                    break;
                outputs += output != RowOutputs.None ? 1 : 0;
                Add(tokens[end], end, output);
            }
            Compute(start, end);
            for (int index = start, row = 0; index < end; index++)
            {
                if (wanted[index])
                    logits(index, Logits(row++));
                if (wantsNext && index == tokens.Length - 1)
                    next = Best(wanted[index] ? row - 1 : row, end);
            }
            start = end;
        }
        return next;
    }

    private int[] Continue(int length, int next, int count)
    {
        int[] output = new int[count];
        for (int i = 0; i < count; i++)
        {
            output[i] = next;
            if (i == count - 1)
                break;
            _batch.Clear();
            Add(next, length + i, Next);
            Compute(length + i, length + i + 1);
            next = Best(0, length + i + 1);
        }
        return output;
    }

    private void Add(int token, int index, RowOutputs output)
    {
        _batch.BestCounts[_batch.RowCount] = 1;
        _batch.Add(token, index, index, 0, output);
    }

    private void Compute(int start, int end)
    {
        _pool.BeginStep();
        if (!_pool.TryExtend(_table, start, end, _batch))
            throw new TesseraException($"out of KV memory (kv.memory) after {start} tokens");
        _runtime.Submit(_batch);
        if (!_runtime.Wait())
            throw new TesseraException("the step was given up");
        // Tokens are for the prefix cache, which is off.
        _pool.Commit(_table, default, end);
    }

    private ReadOnlySpan<float> Logits(int output) => new(_runtime.Logits(output), _vocabulary);

    // At most one row of a batch wants its best token.
    private int Best(int output, int length)
    {
        int best = _chooses is null ? LogitScan.Argmax(Logits(output)) : _chooses.Best(0) is [BestToken first, ..] ? first.Token : -1;
        return best >= 0 ? best : throw new TesseraException($"the model's logits after {length} tokens are not numbers");
    }
}
