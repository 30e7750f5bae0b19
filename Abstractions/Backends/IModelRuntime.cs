namespace Tessera.Abstractions.Backends;

/// <summary>A graph lowered onto a device, with its scratch memory and its KV cache's bytes. Used by one thread at a time.</summary>
public unsafe interface IModelRuntime : IDisposable
{
    /// <summary>Starts a batch. The CPU computes here; a GPU returns at once.</summary>
    /// <param name="batch">Not changed by the caller until <see cref="Wait"/> has returned.</param>
    /// <exception cref="TesseraException">The batch breaks a limit or names a block that does not exist. Any throw leaves the runtime faulted: it is disposed, not used again.</exception>
    void Submit(Batch batch);

    /// <summary>Waits for the batch that was submitted last.</summary>
    /// <returns>False when <see cref="Batch.Abort"/> was seen: outputs are not valid, and neither is what was written for the batch's rows and by its block copies.</returns>
    bool Wait();

    /// <summary>The logits of an output row, <see cref="Graphs.ModelGraph.VocabularySize"/> floats, valid until the next <see cref="Submit"/>.</summary>
    /// <param name="output">The row's number among the rows of the batch that carry <see cref="RowOutputs.Logits"/>.</param>
    float* Logits(int output);

    /// <summary>The final hidden state of an output row (after the last norm), valid until the next <see cref="Submit"/>.</summary>
    /// <param name="output">The row's number among the rows of the batch that carry <see cref="RowOutputs.Hidden"/>.</param>
    float* Hidden(int output);

    /// <summary>Bytes of one block of a cache group, over all of its caches.</summary>
    long BlockBytes(int group);

    /// <summary>Adds blocks to a cache group, within the budget; new blocks have the next higher numbers.</summary>
    /// <returns>False when the budget has no room; nothing changed then.</returns>
    bool TryGrow(int group, int blocks);

    /// <summary>Gives a cache group's highest-numbered blocks back to the budget.</summary>
    void Shrink(int group, int blocks);

    /// <summary>What each part of the model got, one line for each, for people: weight or node, kernel, instruction set, fallback and why. A line about a weight begins with its name and a space, and what it got follows the first colon and space.</summary>
    IReadOnlyList<string> Explain();

    /// <summary>Bytes of scratch memory and of weights that were repacked.</summary>
    long ScratchBytes { get; }
}

/// <summary>A runtime that finds a row's best tokens where it computes them, so that the row's logits need not leave the device.</summary>
public interface IChoosingRuntime : IModelRuntime
{
    /// <summary>The most tokens that a row may want; 0 where the graph has no head.</summary>
    int MaxBest { get; }

    /// <summary>The tokens of the highest logits, best first, of equals the lowest id first: as many as the row wants, less those whose logit is −∞; none where a logit is NaN or +∞. Valid until the next <see cref="IModelRuntime.Submit"/>.</summary>
    /// <param name="output">The row's number among the rows of the batch that carry <see cref="RowOutputs.Best"/>.</param>
    ReadOnlySpan<BestToken> Best(int output);
}

/// <summary>A token that may come next.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Logit">Its logit.</param>
public readonly record struct BestToken(int Token, float Logit);

/// <summary>A runtime of a graph that pools (<see cref="Graphs.ModelGraph.Pooled"/>).</summary>
public unsafe interface IPoolingRuntime : IModelRuntime
{
    /// <summary>The vector of a sequence, as wide as <see cref="Graphs.ModelGraph.Pooled"/>, valid until the next <see cref="IModelRuntime.Submit"/>.</summary>
    /// <param name="output">The row's number among the rows of the batch that carry <see cref="RowOutputs.Pooled"/>.</param>
    float* Pooled(int output);
}
