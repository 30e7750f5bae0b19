using System.Runtime.InteropServices;

namespace Tessera.Abstractions.Backends;

/// <summary>What a row of a batch is wanted for; flags.</summary>
[Flags]
public enum RowOutputs : byte
{
    /// <summary>Only its KV entries.</summary>
    None = 0,
    /// <summary>The logits of the next token.</summary>
    Logits = 1,
    /// <summary>The final hidden state.</summary>
    Hidden = 2,
    /// <summary>The vector that stands for the whole sequence (<see cref="Graphs.ModelGraph.Pooled"/>): only a sequence's last row in the batch may want it.</summary>
    Pooled = 4,
    /// <summary>The best tokens that may come next, <see cref="Batch.BestCounts"/> of them; only of an <see cref="IChoosingRuntime"/>.</summary>
    Best = 8,
}

/// <summary>A copy of one KV block onto another, made before the batch computes.</summary>
/// <param name="Group">The cache group.</param>
/// <param name="Source">The block that is read.</param>
/// <param name="Destination">The block that is written.</param>
public readonly record struct BlockCopy(int Group, int Source, int Destination);

/// <summary>One step's rows in flat native arrays, made once and used again. Rows of prefill chunks, single decode tokens and drafts are mixed; the rows of one sequence stand together, with ascending cache indices.</summary>
public sealed unsafe class Batch : IDisposable
{
    private readonly void* _memory;
    private int _abort;

    /// <summary>Allocates the arrays, 64-byte aligned.</summary>
    /// <param name="limits">The most rows and sequences.</param>
    /// <param name="groups">The number of cache groups.</param>
    public Batch(RuntimeLimits limits, int groups)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxSequences, 1);
        MaxRows = limits.MaxRows;
        MaxSequences = limits.MaxSequences;
        GroupCount = groups;
        BlockTableLength = (limits.MaxContext + limits.BlockTokens - 1) / limits.BlockTokens;
        nuint row = Align((nuint)MaxRows * sizeof(int));
        nuint tables = Align((nuint)MaxSequences * (nuint)BlockTableLength * sizeof(int) * (nuint)groups);
        nuint copies = Align((nuint)MaxRows * (nuint)sizeof(BlockCopy) * (nuint)Math.Max(1, groups));
        nuint planned = Align((nuint)MaxSequences * sizeof(int));
        nuint total = row * 7 + planned + tables + copies;
        _memory = NativeMemory.AlignedAlloc(total, 64);
        NativeMemory.Clear(_memory, total);
        byte* next = (byte*)_memory;
        Tokens = (int*)next;
        Positions = (int*)(next += row);
        CacheIndices = (int*)(next += row);
        Slots = (int*)(next += row);
        Outputs = (RowOutputs*)(next += row);
        TokenTypes = (int*)(next += row);
        BestCounts = (int*)(next += row);
        PlannedTokens = (int*)(next += row);
        BlockTables = (int*)(next += planned);
        Copies = (BlockCopy*)(next + tables);
    }

    /// <summary>The most rows.</summary>
    public int MaxRows { get; }

    /// <summary>The most sequences; slots are 0 … this − 1.</summary>
    public int MaxSequences { get; }

    /// <summary>The number of cache groups.</summary>
    public int GroupCount { get; }

    /// <summary>Entries of one block table: the blocks of the longest context.</summary>
    public int BlockTableLength { get; }

    /// <summary>The rows in use.</summary>
    public int RowCount { get; set; }

    /// <summary>The block copies in use.</summary>
    public int CopyCount { get; set; }

    /// <summary>Each row's token id.</summary>
    public int* Tokens { get; }

    /// <summary>Each row's position, for the position embedding.</summary>
    public int* Positions { get; }

    /// <summary>Each row's place in its sequence's cache. A row sees the entries 0 … its own, less what a window hides.</summary>
    public int* CacheIndices { get; }

    /// <summary>Each row's sequence slot.</summary>
    public int* Slots { get; }

    /// <summary>What each row is wanted for.</summary>
    public RowOutputs* Outputs { get; }

    /// <summary>Each row's token type, such as 0 for a first text and 1 for a second one; models without an embedding of types do not look at it.</summary>
    public int* TokenTypes { get; }

    /// <summary>How many tokens each row wants that carries <see cref="RowOutputs.Best"/>: 1 … <see cref="IChoosingRuntime.MaxBest"/>; of other rows nobody looks at it.</summary>
    public int* BestCounts { get; }

    /// <summary>For each sequence slot, the tokens that its sequence is planned to have at most, prompt included, as it was at admission; rotations that depend on length follow it (<see cref="Graphs.RopeTable"/>). 0: the shortest.</summary>
    public int* PlannedTokens { get; }

    /// <summary>The block tables: group-major, then slot, then block. See <see cref="BlockTable"/>.</summary>
    public int* BlockTables { get; }

    /// <summary>The copies, made before anything else, in order; at most <see cref="MaxRows"/> × groups.</summary>
    public BlockCopy* Copies { get; }

    /// <summary>Set from any thread to give the running step up; runtimes look at it in every layer.</summary>
    public bool Abort
    {
        get => Volatile.Read(ref _abort) != 0;
        set => Volatile.Write(ref _abort, value ? 1 : 0);
    }

    /// <summary>The block table of a sequence slot: entry i holds the cache indices i · block tokens and on.</summary>
    public int* BlockTable(int group, int slot) => BlockTables + ((long)group * MaxSequences + slot) * BlockTableLength;

    /// <summary>Empties the batch; block tables stay.</summary>
    public void Clear()
    {
        RowCount = 0;
        CopyCount = 0;
        Abort = false;
    }

    /// <summary>Appends a row.</summary>
    public void Add(int token, int position, int cacheIndex, int slot, RowOutputs outputs, int tokenType = 0)
    {
        int row = RowCount;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, MaxRows);
        Tokens[row] = token;
        Positions[row] = position;
        CacheIndices[row] = cacheIndex;
        Slots[row] = slot;
        Outputs[row] = outputs;
        TokenTypes[row] = tokenType;
        RowCount = row + 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
            NativeMemory.AlignedFree(_memory);
        _disposed = true;
    }

    private bool _disposed;

    private static nuint Align(nuint bytes) => (bytes + 63) & ~(nuint)63;
}
