namespace Tessera.Engine.Blocks;

/// <summary>One sequence slot's block tables, one for each group, in the batch's own memory, and how far the sequence has come in the prefix tree.</summary>
internal sealed unsafe class BlockTable
{
    private readonly Batch _batch;
    private readonly int[] _first;

    /// <summary>Makes the empty tables of a slot.</summary>
    public BlockTable(Batch batch, int slot)
    {
        _batch = batch;
        Slot = slot;
        _first = new int[batch.GroupCount];
    }

    /// <summary>The sequence slot.</summary>
    public int Slot { get; }

    /// <summary>The blocks of each table, given-back ones included.</summary>
    public int Count { get; set; }

    /// <summary>The full blocks that the prefix tree knows.</summary>
    public int Registered { get; set; }

    /// <summary>The prefix node of the last of them, or the root; −1 while closed.</summary>
    public int Tail { get; set; } = -1;

    /// <summary>The planned length of the sequence, which its rotations follow.</summary>
    public int PlannedTokens { get => _batch.PlannedTokens[Slot]; set => _batch.PlannedTokens[Slot] = value; }

    /// <summary>The first block of a group that is still held; a window has passed those before.</summary>
    public ref int First(int group) => ref _first[group];

    /// <summary>A group's table.</summary>
    public Span<int> Blocks(int group) => new(_batch.BlockTable(group, Slot), _batch.BlockTableLength);
}
