using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Abstractions;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Formats;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Host.Api;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Models;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly TestPackages _packages = new();
    private readonly TemporaryFolder _folder = new();
    private readonly WorkTeam _team = new(2);
    private readonly SharedBudget _budget = new(1 << 20);

    public void Dispose()
    {
        _team.Dispose();
        _folder.Dispose();
        _packages.Dispose();
    }

    [Fact]
    public async Task A_model_answers_through_plugins_that_nothing_but_contracts_is_known_of()
    {
        await using PluginHost plugins = Plugins();
        await using ModelRegistry registry = Registry(plugins, Model());
        Assert.Equal(ModelState.Loading, registry.Get(null).State);
        Assert.False(registry.IsReady);
        Assert.Throws<ModelNotReadyException>(() => registry.Get("echo").Acquire());
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        Assert.True(registry.IsReady);
        using EngineLease lease = registry.Get("echo").Acquire();
        Assert.Equal("defghi", await Say(lease, "abc", 6));
        Assert.Equal((0f, 7), (lease.Sampling.Temperature, lease.Sampling.TopK));
        Assert.Equal(1, plugins.Generations[0].Leases);
        Assert.Throws<UnknownModelException>(() => registry.Get("other"));
    }

    [Fact]
    public async Task A_swap_answers_with_the_new_composition_and_ends_the_old_one_with_its_last_request()
    {
        await using PluginHost plugins = Plugins();
        await using ModelRegistry registry = Registry(plugins, Model());
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        ServedModel model = registry.Get("echo");
        EngineLease old = model.Acquire();
        await registry.SwapAsync("echo", TestContext.Current.CancellationToken);
        using (EngineLease fresh = model.Acquire())
        {
            Assert.NotSame(old.Engine, fresh.Engine);
            Assert.Equal("bcd", await Say(fresh, "a", 3));
        }
        Assert.Equal("bcd", await Say(old, "a", 3));
        Assert.Equal((2, 1, 2), (model.Generation, model.Draining, plugins.Generations[0].Leases));
        old.Dispose();
        await Until(() => model.Draining == 0);
        Assert.Equal(1, plugins.Generations[0].Leases);
    }

    [Fact]
    public async Task A_swap_that_fails_keeps_the_old_composition()
    {
        await using PluginHost plugins = Plugins();
        ModelConfiguration entry = Model();
        await using ModelRegistry registry = Registry(plugins, entry);
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        File.Delete(entry.Path);
        File.WriteAllText(entry.Path, "ECHO but short");
        ModelFormatException error = await Assert.ThrowsAsync<ModelFormatException>(() => registry.SwapAsync("echo", TestContext.Current.CancellationToken));
        Assert.Contains("expected 108 bytes", error.Message, StringComparison.Ordinal);
        using EngineLease lease = registry.Get("echo").Acquire();
        Assert.Equal("bcd", await Say(lease, "a", 3));
        Assert.Equal((ModelState.Ready, error.Message, 1), (registry.Get("echo").State, registry.Get("echo").Error, plugins.Generations[0].Leases));
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_says_why_and_may_be_loaded_again()
    {
        await using PluginHost plugins = Plugins();
        ModelConfiguration entry = Model();
        byte[] good = File.ReadAllBytes(entry.Path);
        File.WriteAllText(entry.Path, "other");
        await using ModelRegistry registry = Registry(plugins, entry);
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ModelState.Failed, registry.Get("echo").State);
        Assert.Contains("no loaded format knows this file; loaded are test.echo", Assert.Throws<ModelNotReadyException>(() => registry.Get("echo").Acquire()).Message, StringComparison.Ordinal);
        Assert.Equal(0, plugins.Generations[0].Leases);
        File.WriteAllBytes(entry.Path, good);
        await registry.SwapAsync("echo", TestContext.Current.CancellationToken);
        Assert.Equal(ModelState.Ready, registry.Get("echo").State);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_registry_and_its_plugins()
    {
        WeakReference assembly = await ServeAndDispose();
        for (int i = 0; i < 10 && assembly.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Yield();
        }
        Assert.False(assembly.IsAlive);
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public async Task Errors_of_a_backend_are_texts_of_contract_types()
    {
        await using PluginHost plugins = Plugins(("fail", "build"));
        TesseraException error = Assert.Throws<TesseraException>(() => Builder(plugins, Model()).Build(Model()));
        Assert.Equal("backend 'echo' failed: EchoException: no kernel today", error.Message);
        Assert.Null(error.InnerException);
        Assert.Equal(0, plugins.Generations[0].Leases);
    }

    [Fact]
    public async Task What_is_missing_is_named()
    {
        await using PluginHost plugins = Plugins();
        CompositionBuilder builder = Builder(plugins, Model());
        Assert.Contains("provides no IDecodingStrategy", Assert.Throws<PluginException>(() => builder.Build(Model() with { Decoding = TestPackages.Echo })).Message, StringComparison.Ordinal);
        Assert.Contains("plugin 'kernels.none' is not loaded", Assert.Throws<PluginException>(() => builder.Build(Model() with { Kernels = ["kernels.none"] })).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<ModelFormatException>(() => builder.Build(Model() with { Path = Path.Combine(_folder.Path, "none") })).Message, StringComparison.Ordinal);
        Assert.Equal(0, plugins.Generations[0].Leases);
    }

    [Fact]
    public async Task The_configuration_decides_the_sizes()
    {
        await using PluginHost plugins = Plugins();
        using Engine.Composition composition = Builder(plugins, Model()).Build(Model() with { Context = 64, Activations = ActivationPrecision.Float32 });
        Assert.Equal((64, 32, 4, 4, KvType.F32, 16), (composition.Limits.MaxContext, composition.Limits.MaxRows, composition.Limits.MaxSequences, composition.Limits.MaxOutputs, composition.Limits.KvType, composition.Limits.BlockTokens));
        using Engine.Composition own = Builder(plugins, Model()).Build(Model());
        Assert.Equal((512, KvType.F16), (own.Limits.MaxContext, own.Limits.KvType));
    }

    [Theory]
    [InlineData(null, null, 1000L << 20, 200L << 20, 400L << 20)]
    [InlineData(null, 25.0, 1000L << 20, 200L << 20, 200L << 20)]
    [InlineData(null, null, 1L << 20, 200L << 20, 64L << 20)]
    [InlineData(7L, null, 1L << 20, 200L << 20, 7L)]
    public void The_KV_budget_is_part_of_what_the_weights_leave(long? bytes, double? percent, long free, long weights, long expected) =>
        Assert.Equal(expected, KvBudget.Bytes(new MemorySize(bytes, percent), free, weights));

    [Fact]
    public void All_files_of_a_set_count_as_weights()
    {
        foreach ((string name, int bytes) in new[] { ("a-00001-of-00003.gguf", 100), ("a-00002-of-00003.gguf", 20), ("a-00003-of-00003.gguf", 3), ("a-00001-of-00002.gguf", 1000), ("b-00001-of-00003.gguf", 1000), ("a-00001-of-00003.json", 1000), ("a.gguf", 7) })
            _folder.Write(Path.Combine("set", name), new byte[bytes]);
        Assert.Equal(123, KvBudget.FileBytes(Path.Combine(_folder.Path, "set", "a-00001-of-00003.gguf")));
        Assert.Equal(123, KvBudget.FileBytes(Path.Combine(_folder.Path, "set", "a-00003-of-00003.gguf")));
        Assert.Equal(7, KvBudget.FileBytes(Path.Combine(_folder.Path, "set", "a.gguf")));
        Assert.Equal(3130, KvBudget.FileBytes(Path.Combine(_folder.Path, "set")));
        Assert.Equal(0, KvBudget.FileBytes(Path.Combine(_folder.Path, "set", "a-00004-of-00003.gguf")));
    }

    [Fact]
    public async Task A_model_whose_engine_has_failed_is_listed_as_failed()
    {
        await using PluginHost plugins = Plugins(("fail", "step"));
        ModelConfiguration entry = Model();
        await using ModelRegistry registry = Registry(plugins, entry);
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        using var lifetime = new Lifetime();
        ApiModels models = new(registry, new LiveConfiguration(Configuration(entry)), TimeProvider.System, lifetime);
        Assert.Equal("ready", models.Card("echo").Status);
        // It is built anew, and the request tried again, until it is clear that it is no use.
        for (int i = 0; i < 3 && models.Card("echo").Status == "ready"; i++)
            using (EngineLease lease = registry.Get("echo").Acquire())
            {
                Assert.Equal("", await Say(lease, "a", 3));
                Assert.Contains("no step today", lease.Engine.Faulted, StringComparison.Ordinal);
            }
        await Until(() => models.Card("echo").Status == "failed");
        Assert.Equal("failed", Assert.Single(models.Cards).Status);
    }

    private sealed class Lifetime : Microsoft.Extensions.Hosting.IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource _never = new();
        public CancellationToken ApplicationStarted => _never.Token;
        public CancellationToken ApplicationStopping => _never.Token;
        public CancellationToken ApplicationStopped => _never.Token;
        public void StopApplication() => _never.Cancel();
        public void Dispose() => _never.Dispose();
    }

    [Fact]
    public void The_configuration_wins_over_the_files_sampling()
    {
        SamplingOptions options = ModelSampling.Defaults(new SamplingDefaults { Temperature = 0.5f, TopK = 3 }, new SamplingDefaults { TopK = 9, MinP = 0.1f });
        Assert.Equal((0.5f, 9, 0.1f, 1f), (options.Temperature, options.TopK, options.MinP, options.TopP));
    }

    [Fact]
    public void Sampling_defaults_that_no_sampler_takes_are_brought_into_range()
    {
        ModelSampling.Defaults(new SamplingDefaults { Temperature = float.MaxValue, TopP = 0, RepetitionPenalty = float.MaxValue }, new SamplingDefaults { TypicalP = 0 }).Validate();
    }

    [Fact]
    public async Task A_closed_model_is_not_built_again()
    {
        await using PluginHost plugins = Plugins();
        await using ModelRegistry registry = Registry(plugins, Model());
        await registry.LoadAllAsync(TestContext.Current.CancellationToken);
        await registry.DrainAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<Engine.EngineDrainingException>(() => registry.SwapAsync("echo", TestContext.Current.CancellationToken));
        Assert.Equal(1, registry.Get("echo").Generation);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> ServeAndDispose()
    {
        PluginHost plugins = Plugins();
        WeakReference assembly = plugins.Generations[0].Assembly;
        await using (ModelRegistry registry = Registry(plugins, Model()))
        {
            await registry.LoadAllAsync(CancellationToken.None);
            using (EngineLease lease = registry.Get(null).Acquire())
                Assert.Equal("bc", await Say(lease, "a", 2));
            await registry.SwapAsync("echo", CancellationToken.None);
        }
        await plugins.DisposeAsync();
        return assembly;
    }

    private static async Task<string> Say(EngineLease lease, string prompt, int tokens)
    {
        List<int> ids = [];
        lease.Composition.Tokenizer.Encode(prompt, default, ids);
        GenerationStream stream = lease.Engine.Submit(new GenerationRequest { Prompt = [.. ids], MaxTokens = tokens, Sampling = lease.Sampling })[0];
        string text = "";
        while (await stream.WaitAsync(TestContext.Current.CancellationToken))
            while (stream.TryRead(out GeneratedToken token, out _))
                text += (char)lease.Composition.Tokenizer.Piece(token.Token)[0];
        return text;
    }

    private static async Task Until(Func<bool> done)
    {
        for (int i = 0; i < 1000 && !done(); i++)
            await Task.Delay(10);
        Assert.True(done());
    }

    private PluginHost Plugins(params (string Name, string Value)[] options)
    {
        _packages.Add();
        return _packages.Load(options);
    }

    private ModelConfiguration Model() => new() { Name = "echo", Path = _folder.Write("echo.bin", [.. "ECHO"u8, .. new byte[104]]) };

    private ModelRegistry Registry(PluginHost plugins, ModelConfiguration model) =>
        new(new LiveConfiguration(Configuration(model)), Builder(plugins, model), TimeProvider.System, NullLoggerFactory.Instance);

    private CompositionBuilder Builder(PluginHost plugins, ModelConfiguration model) =>
        new(Configuration(model), plugins, _team, _budget, NullLoggerFactory.Instance);

    private HostConfiguration Configuration(ModelConfiguration model)
    {
        _folder.Write("host.yaml", "engine: { maxBatchTokens: 32, maxSequences: 4 }");
        return new ConfigurationLoader { WorkingFolder = _folder.Path, Environment = new Dictionary<string, string>() }.Load()
            with { Models = new ModelsConfiguration { Default = model.Name, List = [model] } };
    }
}
