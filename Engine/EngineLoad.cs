namespace Tessera.Engine;

/// <summary>What an engine is busy with, as of the end of its last step.</summary>
/// <param name="Waiting">Sequences that wait to be started or resumed.</param>
/// <param name="Running">Sequences that prefill or decode.</param>
/// <param name="BlocksUsed">KV blocks that sequences hold, over all cache groups.</param>
/// <param name="BlocksCached">KV blocks that no sequence holds, kept for prompts to come.</param>
/// <param name="BlocksCapacity">KV blocks that the runtime has memory for now; it grows on demand.</param>
/// <param name="Faulted">Why the engine answers no more; null while it does.</param>
public readonly record struct EngineLoad(int Waiting, int Running, int BlocksUsed, int BlocksCached, int BlocksCapacity, string? Faulted);
