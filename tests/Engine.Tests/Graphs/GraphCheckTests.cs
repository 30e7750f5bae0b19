using Tessera.Engine.Graphs;
using Tessera.Engine.Tests.Families;
using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Graphs;

public sealed class GraphCheckTests
{
    [Fact]
    public void Missing_lists_each_operation_once_with_both_revisions()
    {
        using FamilyRun run = new(TinyFamilies.Find("gemma2"));
        Dictionary<string, int> known = run.Graph.Nodes.GroupBy(n => n.Operation).ToDictionary(g => g.Key, g => g.Max(n => n.Revision));
        Assert.Empty(GraphCheck.Missing(run.Graph, new Backend(known)));
        known[Operations.Attention] = 1;
        known.Remove(Operations.Scale);
        Assert.Equal(
            [
                "operation 'scale' revision 1 for node 'token_embd_scale': backend 'old' does not have this operation",
                "operation 'attention' revision 2 for node 'blk.0.attn' and 2 more: backend 'old' knows it up to revision 1",
            ],
            GraphCheck.Missing(run.Graph, new Backend(known)));
    }

    private sealed class Backend(IReadOnlyDictionary<string, int> operations) : IKernelBackend
    {
        public string Name => "old";

        public IReadOnlyDictionary<string, int> Operations => operations;

        public IModelRuntime Build(BackendRequest request) => throw new InvalidOperationException("a graph that was only to be checked was built");
    }
}
