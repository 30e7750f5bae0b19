using System.Runtime.InteropServices;
using Tessera.Tokenizers.Common;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Unigram;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>Turns a word into ids. Immutable.</summary>
internal abstract class WordModel
{
    // Bounds what one position of a text can cost.
    protected const int LongestToken = 1024;

    /// <summary>The id of what the model cannot spell, or −1.</summary>
    public int Unknown { get; protected init; } = -1;

    /// <summary>Whether words come as the bytes that a ByteLevel pre-tokenizer would turn into characters.</summary>
    public bool TakesRawBytes { get; protected init; }

    /// <summary>Whether tokens spelled <c>&lt;0xNN&gt;</c> stand for bytes.</summary>
    public bool FallsBackToBytes { get; protected init; }

    /// <summary>Appends the ids of a word, which is UTF-8 and not empty.</summary>
    public void Encode(ReadOnlySpan<byte> word, ModelWork work, List<int> ids)
    {
        if (work.Words.TryAppend(word, ids))
            return;
        int before = ids.Count;
        EncodeNew(word, work, ids);
        work.Words.Add(word, CollectionsMarshal.AsSpan(ids)[before..]);
    }

    /// <summary>Appends the ids of a word that is not remembered.</summary>
    protected abstract void EncodeNew(ReadOnlySpan<byte> word, ModelWork work, List<int> ids);
}

/// <summary>What models need while they work. One thread at a time.</summary>
internal sealed class ModelWork
{
    public MergeList Merges { get; } = new();

    public Lattice Lattice { get; } = new();

    public WordCache Words { get; } = new();

    // A long word's memory is not kept for the next.
    public bool IsSmall => Merges.Capacity <= 1 << 16 && Lattice.Capacity <= 1 << 16;
}
