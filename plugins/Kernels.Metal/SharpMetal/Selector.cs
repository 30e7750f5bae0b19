namespace SharpMetal.ObjectiveCCore;

/// <summary>A method's name, registered with the runtime.</summary>
/// <param name="name">The name with its colons.</param>
public readonly struct Selector(string name)
{
    /// <summary>The registered name.</summary>
    public readonly IntPtr SelPtr = ObjectiveC.sel_registerName(name);

    /// <summary>Registers a name.</summary>
    public static implicit operator Selector(string value) => new(value);

    /// <summary>The pointer.</summary>
    public static implicit operator IntPtr(Selector value) => value.SelPtr;
}
