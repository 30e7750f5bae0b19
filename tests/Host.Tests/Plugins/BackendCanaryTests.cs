using Microsoft.Extensions.Time.Testing;
using Tessera.Abstractions;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Graphs;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Interpreter;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Plugins;

/// <summary>What the canary asks of a backend: right answers for every operation that it declares, and no loss of speed.</summary>
public sealed class BackendCanaryTests
{
    private static readonly string[] s_operations = [.. new ReferenceBackend().Operations.Keys.Order()];

    public static TheoryData<string> Operations => [.. s_operations];

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_backend_that_computes_one_operation_wrongly_is_found(string operation)
    {
        Changed backend = new() { Wrong = operation };
        string? problem = BackendShapes.Problem(backend, out _);
        Assert.Contains("differs from the float64 reference", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_right_one_passes_and_every_operation_was_met()
    {
        Assert.Null(BackendShapes.Problem(new ReferenceBackend(), out IReadOnlyList<string> untried));
        Assert.Empty(untried);
    }

    [Fact]
    public void It_is_asked_for_what_it_declares_and_for_nothing_else()
    {
        Changed backend = new() { Declared = [Abstractions.Graphs.Operations.Embed, Abstractions.Graphs.Operations.RmsNorm, Abstractions.Graphs.Operations.Linear, "acme.swirl"] };
        Assert.Null(BackendShapes.Problem(backend, out IReadOnlyList<string> untried));
        Assert.Subset(new HashSet<string>(backend.Declared), backend.Met);
        Assert.Contains(Abstractions.Graphs.Operations.RmsNorm, backend.Met);
        Assert.Equal(["acme.swirl"], untried);
    }

    [Fact]
    public void A_much_slower_one_is_refused_and_one_that_is_as_fast_is_not()
    {
        // A step takes what its backend says, so that nothing depends on the machine.
        FakeTimeProvider time = new();
        Changed Taking(int milliseconds) => new() { Time = time, Takes = milliseconds };
        Assert.Null(SpeedFloor.Problem(Taking(100), Taking(100), 0.5, time));
        Assert.Null(SpeedFloor.Problem(Taking(199), Taking(100), 0.5, time));
        Assert.Equal("computes at 0.49 of the speed of the version that it replaces; at least 0.50 is asked for (plugins.speedFloor)", SpeedFloor.Problem(Taking(205), Taking(100), 0.5, time));
        Assert.Null(SpeedFloor.Problem(Taking(100), Taking(205), 0.5, time));
    }

    [Fact]
    public void What_cannot_run_the_same_model_is_not_compared() =>
        Assert.Null(SpeedFloor.Problem(new Changed { Declared = [Abstractions.Graphs.Operations.Embed] }, new Changed(), 1, TimeProvider.System));

    /// <summary>The reference backend with something changed.</summary>
    private sealed class Changed : IKernelBackend
    {
        private readonly ReferenceBackend _inner = new();

        /// <summary>Graphs with this operation get wrong answers.</summary>
        public string? Wrong { get; init; }

        /// <summary>Goes on by what steps take.</summary>
        public FakeTimeProvider? Time { get; init; }

        /// <summary>Milliseconds of a step on <see cref="Time"/>.</summary>
        public int Takes { get; init; }

        /// <summary>What it says that it knows; null: all.</summary>
        public string[]? Declared { get; init; }

        public HashSet<string> Met { get; } = [];

        public string Name => "changed";

        public IReadOnlyDictionary<string, int> Operations => Declared?.ToDictionary(o => o, o => _inner.Operations.GetValueOrDefault(o, 1)) ?? _inner.Operations;

        public IModelRuntime Build(BackendRequest request)
        {
            Met.UnionWith(request.Graph.Nodes.Select(n => n.Operation));
            bool wrong = request.Graph.Nodes.Any(n => n.Operation == Wrong);
            return new Runtime(_inner.Build(request), () => Time?.Advance(TimeSpan.FromMilliseconds(Takes)), wrong ? Math.Max(request.Graph.Hidden.Width, 1) : 0);
        }
    }

    private sealed unsafe class Runtime(IModelRuntime inner, Action step, int spoil) : IModelRuntime, IPoolingRuntime
    {
        public long ScratchBytes => inner.ScratchBytes;

        public void Submit(Batch batch)
        {
            step();
            inner.Submit(batch);
        }

        public bool Wait() => inner.Wait();

        public float* Logits(int output)
        {
            float* logits = inner.Logits(output);
            if (spoil > 0)
                logits[0] += 1;
            return logits;
        }

        public float* Hidden(int output)
        {
            float* hidden = inner.Hidden(output);
            if (spoil > 0)
                hidden[spoil - 1] += 1;
            return hidden;
        }

        public float* Pooled(int output)
        {
            float* pooled = ((IPoolingRuntime)inner).Pooled(output);
            if (spoil > 0)
                pooled[0] += 1;
            return pooled;
        }

        public long BlockBytes(int group) => inner.BlockBytes(group);

        public bool TryGrow(int group, int blocks) => inner.TryGrow(group, blocks);

        public void Shrink(int group, int blocks) => inner.Shrink(group, blocks);

        public IReadOnlyList<string> Explain() => inner.Explain();

        public void Dispose() => inner.Dispose();
    }
}
