namespace Tessera.Host.Tests.LifeCycle;

/// <summary>Tests whose relay plugin hears through the process what it is to do: one after another, but others may run beside them.</summary>
[CollectionDefinition(Name)]
public sealed class RelayCollection
{
    public const string Name = "relay";
}
