using Tessera.Host.Models;

namespace Tessera.Model.Bench;

/// <summary>Sequences of made-up tokens on a runtime, each with blocks of its own.</summary>
internal sealed unsafe class Streams : IDisposable
{
    private readonly BuiltRuntime _built;
    private readonly Batch _batch;
    private readonly int[] _length, _blocks;
    private int _next;

    public Streams(BuiltRuntime built)
    {
        _built = built;
        _batch = new Batch(built.Limits, built.Graph.CacheGroups.Count);
        _length = new int[built.Limits.MaxSequences];
        _blocks = new int[built.Limits.MaxSequences];
    }

    /// <summary>The token at a place of a sequence.</summary>
    public static int Token(int index, int slot, int vocabulary) => (int)((index * 7919L + slot) % vocabulary);

    /// <summary>Makes a sequence empty; its blocks are used again.</summary>
    public void Clear(int slot) => _length[slot] = 0;

    /// <summary>Computes the next tokens of a sequence, in batches as large as the runtime takes, and the logits of the last one.</summary>
    public void Prefill(int slot, int count)
    {
        for (int done = 0; done < count;)
        {
            _batch.Clear();
            for (int rows = Math.Min(_built.Limits.MaxRows, count - done); rows > 0; rows--)
                Add(slot, ++done == count ? RowOutputs.Logits : RowOutputs.None);
            Run();
        }
    }

    /// <summary>One token and its logits for each of the first sequences, some times over.</summary>
    public void Decode(int streams, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            _batch.Clear();
            for (int slot = 0; slot < streams; slot++)
                Add(slot, RowOutputs.Logits);
            Run();
        }
    }

    /// <summary>The next tokens of a sequence in one batch, each with logits.</summary>
    public void Advance(int slot, int rows)
    {
        _batch.Clear();
        for (int row = 0; row < rows; row++)
            Add(slot, RowOutputs.Logits);
        Run();
    }

    public void Dispose() => _batch.Dispose();

    private void Add(int slot, RowOutputs outputs)
    {
        int index = _length[slot]++, tokens = _built.Limits.BlockTokens;
        if (index / tokens == _blocks[slot])
        {
            for (int group = 0; group < _built.Graph.CacheGroups.Count; group++)
            {
                if (!_built.Runtime.TryGrow(group, 1))
                    throw new TesseraException("no memory for another block");
                _batch.BlockTable(group, slot)[_blocks[slot]] = _next;
            }
            _blocks[slot]++;
            _next++;
        }
        _batch.Add(Token(index, slot, _built.Graph.VocabularySize), index, index, slot, outputs);
    }

    private void Run()
    {
        _built.Runtime.Submit(_batch);
        if (!_built.Runtime.Wait())
            throw new TesseraException("the step was given up");
    }
}
