using Tessera.Acceptance.Tests.Stack;

// The machine's cores are one team's at a time, and some tests count what the whole process allocates or holds.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(SharedStack))]
