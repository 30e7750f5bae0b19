namespace SharpMetal.Metal;

/// <summary>Where a buffer lives and who synchronizes it.</summary>
[Flags]
public enum MTLResourceOptions : ulong
{
    /// <summary>In memory that both processors see.</summary>
    ResourceStorageModeShared = 0,
    /// <summary>In memory of the GPU alone.</summary>
    ResourceStorageModePrivate = 32,
}

/// <summary>How far a command buffer is.</summary>
public enum MTLCommandBufferStatus : ulong
{
    /// <summary>Being encoded.</summary>
    NotEnqueued = 0,
    /// <summary>In the queue.</summary>
    Enqueued = 1,
    /// <summary>Committed.</summary>
    Committed = 2,
    /// <summary>About to run, or running.</summary>
    Scheduled = 3,
    /// <summary>Done.</summary>
    Completed = 4,
    /// <summary>Failed.</summary>
    Error = 5,
}

/// <summary>Why a command buffer failed.</summary>
public enum MTLCommandBufferError : ulong
{
    /// <summary>It did not.</summary>
    None = 0,
    /// <summary>Inside Metal.</summary>
    Internal = 1,
    /// <summary>It took too long.</summary>
    Timeout = 2,
    /// <summary>It touched memory that is not there.</summary>
    PageFault = 3,
    /// <summary>The process may not use the GPU any more.</summary>
    AccessRevoked = 4,
    /// <summary>The process may not use the GPU.</summary>
    NotPermitted = 7,
    /// <summary>Too little memory.</summary>
    OutOfMemory = 8,
    /// <summary>A resource was released too early.</summary>
    InvalidResource = 9,
    /// <summary>The device is gone.</summary>
    DeviceRemoved = 11,
}

/// <summary>Generations of GPUs.</summary>
public enum MTLGPUFamily : long
{
    /// <summary>M1 and A14: the first with matrices of a simdgroup.</summary>
    Apple7 = 1007,
    /// <summary>M2.</summary>
    Apple8 = 1008,
    /// <summary>M3 and later.</summary>
    Apple9 = 1009,
    /// <summary>Metal 3.</summary>
    Metal3 = 5001,
}
