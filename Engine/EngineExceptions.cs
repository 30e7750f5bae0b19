namespace Tessera.Engine;

/// <summary>As many requests wait as may; try again later.</summary>
public sealed class QueueFullException(int limit)
    : TesseraException($"the queue is full: at most {limit} requests may wait (server.maxQueue)")
{
    /// <summary>The most requests that may wait.</summary>
    public int Limit { get; } = limit;
}

/// <summary>The engine ends what runs and takes nothing new.</summary>
public sealed class EngineDrainingException(string model)
    : TesseraException($"model '{model}' is draining and takes no new requests");

/// <summary>The engine's runtime has failed; it answers no more.</summary>
public sealed class EngineFaultedException(string model, string fault)
    : TesseraException($"model '{model}' has failed: {fault}")
{
    /// <summary>What failed.</summary>
    public string Fault { get; } = fault;
}

/// <summary>A field of a request cannot be used.</summary>
/// <param name="field">The property of <see cref="Generation.GenerationRequest"/>.</param>
/// <param name="problem">What was expected and found, without the field's name.</param>
public sealed class RequestException(string field, string problem) : TesseraException($"{field}: {problem}")
{
    /// <summary>The property of <see cref="Generation.GenerationRequest"/>.</summary>
    public string Field { get; } = field;
}
