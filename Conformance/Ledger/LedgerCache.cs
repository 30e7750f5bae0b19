namespace Tessera.Conformance.Ledger;

/// <summary>The blocks of one cache group: in each slot the (token, position) that was written last, and by whom in which step.</summary>
internal sealed class LedgerCache(int blockTokens)
{
    private const int Empty = -1;
    private const int Lost = -2;
    private readonly List<Block> _blocks = [];

    /// <summary>Sets the number of blocks; new ones are empty.</summary>
    public void Resize(int count)
    {
        if (count < _blocks.Count)
            _blocks.RemoveRange(count, _blocks.Count - count);
        while (_blocks.Count < count)
            _blocks.Add(new Block(blockTokens));
    }

    /// <summary>Copies a block; returns what is wrong with that, or null.</summary>
    public string? Copy(int source, int destination)
    {
        Block from = _blocks[source], to = _blocks[destination];
        if (Array.TrueForAll(from.Positions, p => p < 0))
            return $"block {source} is copied and holds nothing";
        from.Tokens.CopyTo(to.Tokens, 0);
        from.Positions.CopyTo(to.Positions, 0);
        return null;
    }

    /// <summary>Writes an entry for a sequence slot; returns what is wrong with that, or null.</summary>
    public string? Write(int block, int offset, int token, int position, int slot, long step)
    {
        Block b = _blocks[block];
        bool written = b.Steps[offset] == step;
        bool same = b.Tokens[offset] == token && b.Positions[offset] == position;
        if (b.WriterStep == step && b.Writer != slot && !(written && same))
            return $"block {block} is written by slot {b.Writer} and by slot {slot} in one batch, and not with the same content";
        if (written && b.Writer == slot)
            return $"block {block}, entry {offset} is written twice by slot {slot} in one batch: the block stands twice in its table";
        if (b.WriterStep != step)
        {
            b.WriterStep = step;
            b.Writer = slot;
        }
        b.Tokens[offset] = token;
        b.Positions[offset] = position;
        b.Steps[offset] = step;
        return null;
    }

    /// <summary>Forgets an entry that an aborted batch wrote.</summary>
    public void Lose(int block, int offset) => _blocks[block].Positions[offset] = Lost;

    /// <summary>Forgets a block that an aborted batch copied.</summary>
    public void Lose(int block) => Array.Fill(_blocks[block].Positions, Lost);

    /// <summary>Reads the entry that must hold a position; returns what is wrong, or null.</summary>
    public string? Read(int block, int offset, int position, out int token)
    {
        Block b = _blocks[block];
        token = b.Tokens[offset];
        int found = b.Positions[offset];
        if (found == position)
            return null;
        string where = $"block {block}, entry {offset}";
        return found switch
        {
            Empty => $"{where} was never written",
            Lost => $"{where} was lost with an aborted batch",
            _ => $"{where} holds position {found}",
        };
    }

    private sealed class Block
    {
        public readonly int[] Tokens;
        public readonly int[] Positions;
        public readonly long[] Steps;
        public int Writer;
        public long WriterStep;

        public Block(int tokens)
        {
            Tokens = new int[tokens];
            Positions = new int[tokens];
            Steps = new long[tokens];
            Array.Fill(Positions, Empty);
        }
    }
}
