using Tessera.Abstractions.Backends;
using Tessera.Host.Configuration;
using Tessera.Host.Serving;

namespace Tessera.Host.Tests.Configuration;

public sealed class ConfigurationLoaderTests : IDisposable
{
    private const string Secret = "hunter2-is-a-secret";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("[0, 0]", "engine.affinity[1]: expected each processor once")]
    [InlineData("[-1]", "engine.affinity[0]: expected the number of a processor, from 0")]
    [InlineData("[0], threads: 2", "engine.affinity: 1 processors for 2 threads; name one for each")]
    public void Each_thread_has_a_processor_or_none_has(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<ConfigurationException>(() => Load($$"""engine: { affinity: {{text}} }""")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("f16", KvType.F16)]
    [InlineData("bf16", KvType.BF16)]
    [InlineData("q8_0", KvType.Q8)]
    [InlineData("f32", KvType.F32)]
    public void A_cache_has_one_of_four_types(string text, KvType type) => Assert.Equal(type, Load($$"""kv: { type: {{text}} }""").Kv.Type);

    [Fact]
    public void The_shipped_file_is_valid()
    {
        HostConfiguration configuration = new ConfigurationLoader { Environment = new Dictionary<string, string>(), RequireModelFiles = false }
            .Load(Path.Combine(Shared.RepositoryRoot, "host.yaml"));
        Assert.Equal(["http://127.0.0.1:11434"], configuration.Server.Urls);
        Assert.Equal("demo", configuration.Models.Default);
        Assert.Contains("kernels.cpu", configuration.Plugins.Load);
        Assert.False(configuration.Plugins.AllowUnsigned);
        Assert.Null(configuration.Admin.Token);
        Assert.Null(configuration.Engine.Threads);
    }

    [Fact]
    public void An_empty_file_gives_the_defaults_of_the_schema()
    {
        HostConfiguration configuration = Load("");
        Assert.Equal(512, configuration.Server.MaxQueue);
        Assert.Equal((true, 100, 512, 64), (configuration.Engine.BatchInvariant, configuration.Engine.StepMs, configuration.Engine.MaxBatchTokens, configuration.Engine.MaxSequences));
        Assert.Equal((MemorySize.Auto, KvType.F16, 16), (configuration.Kv.Memory, configuration.Kv.Type, configuration.Kv.BlockTokens));
        Assert.True(configuration.Files.Mmap);
        Assert.False(configuration.Api.EscapeSpecialTokens);
        Assert.Equal(["http://127.0.0.1:11435"], configuration.Admin.Urls);
        Assert.Null(configuration.Models.Default);
    }

    [Fact]
    public void Every_key_is_read()
    {
        _folder.Write("m/a.gguf", "x");
        HostConfiguration configuration = Load("""
            server: { urls: ["http://0.0.0.0:1", "http://*:2"], maxQueue: 7 }
            plugins: { folder: parts, load: [kernels.cpu, spec.decoding], allowUnsigned: true, drainSeconds: 9, probationSeconds: 0, stuckSeconds: 8, maxSlowdown: 2.5, speedFloor: 0, options: { "kernels.cpu": { isa: scalar } } }
            models:
              default: b
              list:
                - { name: a, path: m/a.gguf }
                - { name: b, path: m/a.gguf, context: 99, kernels: [kernels.cpu], decoding: spec.decoding, draft: m/a.gguf, activations: float32,
                    sampling: { temperature: 0.5, topK: 4, topP: 0.9, minP: 0.1, typicalP: 0.8, repetitionPenalty: 1.1 } }
            engine: { batchInvariant: false, stepMs: 5, tuneDrafts: false, maxBatchTokens: 9, maxSequences: 8, threads: 3, affinity: [4, 0, 1] }
            kv: { memory: 2GiB, type: f32, blockTokens: 32 }
            files: { mmap: false }
            api: { escapeSpecialTokens: true }
            admin: { urls: [], token: "${ADMIN}" }
            """, ("ADMIN", Secret));
        Assert.Equal((7, 2), (configuration.Server.MaxQueue, configuration.Server.Urls.Count));
        Assert.True(configuration.Plugins.AllowUnsigned);
        Assert.Equal(new LifeCycleConfiguration { Drain = TimeSpan.FromSeconds(9), Probation = TimeSpan.Zero, Stuck = TimeSpan.FromSeconds(8), MaxSlowdown = 2.5, SpeedFloor = 0 }, configuration.Plugins.LifeCycle);
        Assert.Equal(Path.Combine(_folder.Path, "parts"), configuration.Plugins.Folders[0]);
        Assert.Equal("scalar", Assert.Single(configuration.Plugins.Options["kernels.cpu"]).Value.Text);
        Assert.Equal("b", configuration.Models.Default);
        ModelConfiguration model = configuration.Models.List[1];
        Assert.Equal(model.Path, model.Draft);
        Assert.Equal((Path.Combine(_folder.Path, "m", "a.gguf"), 99, "spec.decoding", ActivationPrecision.Float32), (model.Path, model.Context, model.Decoding, model.Activations));
        Assert.Equal((0.5f, 4, 0.9f, 0.1f, 0.8f, 1.1f), (model.Sampling.Temperature, model.Sampling.TopK, model.Sampling.TopP, model.Sampling.MinP, model.Sampling.TypicalP, model.Sampling.RepetitionPenalty));
        Assert.Equal((false, 5, 9, 8, 3), (configuration.Engine.BatchInvariant, configuration.Engine.StepMs, configuration.Engine.MaxBatchTokens, configuration.Engine.MaxSequences, configuration.Engine.Threads));
        Assert.False(configuration.Engine.TuneDrafts);
        Assert.Equal([4, 0, 1], configuration.Engine.Affinity!);
        Assert.Equal((2L << 30, KvType.F32, 32), (configuration.Kv.Memory.Bytes, configuration.Kv.Type, configuration.Kv.BlockTokens));
        Assert.False(configuration.Files.Mmap);
        Assert.True(configuration.Api.EscapeSpecialTokens);
        Assert.Empty(configuration.Admin.Urls);
        Assert.True(configuration.Admin.Token!.Matches(Secret));
        Assert.DoesNotContain(Secret, configuration.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_come_at_once_with_line_key_and_suggestion()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Load("""
            server: { maxQueue: many, url: [] }
            engine:
              stepMs: "100"
              batchInvariant: yes
              thread: 2
              stepMs: 5
            kv: { memory: lots, type: f8, blockTokens: 12 }
            models: { default: x, list: [ { path: nowhere.gguf, kernels: [kernel.cpu], draft: gone.gguf }, 3 ] }
            plugins: { load: [kernels.cpu, kernels.cpu, Bad], options: { kernels.cpo: { } } }
            api: [ ]
            admin: { token: "${1}" }
            enigne: { }
            """));
        string[] expected =
        [
            "host.yaml:1 server.maxQueue: expected a whole number from 1 to 1000000, found 'many'",
            "host.yaml:1 server.url: unknown key; did you mean 'urls'?",
            "host.yaml:3 engine.stepMs: expected a whole number from 1 to 60000, found the text '100'",
            "host.yaml:4 engine.batchInvariant: expected true or false, found 'yes'",
            "host.yaml:5 engine.thread: unknown key; did you mean 'threads'?",
            "host.yaml:6 engine.stepMs: the key stands here twice (first on line 3)",
            "host.yaml:7 kv.memory: expected auto, a size such as 2GiB or a part of the free memory such as 50%, found 'lots'",
            "host.yaml:7 kv.type: expected f16 or bf16 or q8_0 or f32, found 'f8'",
            "host.yaml:7 kv.blockTokens: expected a power of two, found 12",
            "host.yaml:8 models.list[0].name: is required",
            $"host.yaml:8 models.list[0].path: no such file or folder: {Path.Combine(_folder.Path, "nowhere.gguf")}",
            $"host.yaml:8 models.list[0].draft: no such file or folder: {Path.Combine(_folder.Path, "gone.gguf")}",
            "host.yaml:8 models.list[0].kernels[0]: 'kernel.cpu' is not in plugins.load; did you mean 'kernels.cpu'?",
            "host.yaml:8 models.list[0].draft: belongs to a model whose 'decoding' is a plugin that drafts",
            "host.yaml:8 models.list[1]: expected keys and values",
            "host.yaml:8 models.default: expected a name of models.list, found 'x'",
            "host.yaml:9 plugins.load[1]: 'kernels.cpu' stands here twice",
            "host.yaml:9 plugins.load[2]: expected a plugin's id: lower-case words with dots between them, found 'Bad'",
            "host.yaml:9 kernels.cpo: not in plugins.load; did you mean 'kernels.cpu'?",
            "host.yaml:10 api: expected keys and values",
            "host.yaml:12 enigne: unknown key; did you mean 'engine'?",
        ];
        foreach (string line in expected)
            Assert.Contains(line, error.Errors);
        Assert.Contains(error.Errors, e => e.StartsWith("host.yaml:11 admin.token: ", StringComparison.Ordinal));
        Assert.Equal(error.Errors.Order(Comparer<string>.Create((a, b) => LineOf(a).CompareTo(LineOf(b)))), error.Errors);
    }

    [Theory]
    [InlineData("draft: \"\"", "models.list[0].draft: expected the file or folder of a smaller model, found ''; without the key there is none")]
    [InlineData("draft: ", "models.list[0].draft: has no value")]
    public void An_empty_draft_is_none(string draft, string expected)
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Load($$"""
            plugins: { load: [spec.decoding] }
            models: { list: [ { name: a, path: ".", decoding: spec.decoding, {{draft}} } ] }
            """));
        Assert.Equal($"host.yaml:2 {expected}", Assert.Single(error.Errors));
    }

    [Fact]
    public void Where_a_model_s_keys_stand_makes_it_no_other_model()
    {
        const string Models = "plugins: { load: [spec.decoding] }\nmodels:\n  list:\n  - name: a\n    path: .\n    decoding: spec.decoding\n    draft: .\n";
        ModelConfiguration one = Load(Models).Models.List[0], other = Load($"# moved\n{Models}").Models.List[0];
        Assert.True(ConfigurationChange.IsSame(one, other));
        Assert.Equal(["host.yaml:7 models.list[0].draft: x", "host.yaml:8 models.list[0].draft: x"], [one.Places.Describe("a", "draft", "x"), other.Places.Describe("a", "draft", "x")]);
        Assert.Equal("model 'b': draft: x", new ModelConfiguration { Name = "b", Path = "" }.Places.Describe("b", "draft", "x"));
    }

    [Theory]
    [InlineData("a: &x { }\nb: *x", "an alias (*x)")]
    [InlineData("server: &x { maxQueue: 1 }", "an anchor (&x)")]
    [InlineData("server: !!map { maxQueue: 1 }", "a tag (")]
    [InlineData("server: { maxQueue: !!int 1 }", "a tag (")]
    [InlineData("a: 1\n---\nb: 2", "a second document")]
    [InlineData("server: [", "not valid YAML")]
    [InlineData("just text", "expected keys and values")]
    [InlineData("server: { urls: [\"http://${NO\"] }", "'${' without '}'")]
    [InlineData("server: { urls: [\"http://${NOBODY}:1\"] }", "the environment variable NOBODY is not set")]
    [InlineData("server: { urls: [\"127.0.0.1:80\"] }", "expected an address")]
    [InlineData("engine: { maxBatchTokens: 8, maxSequences: 9 }", "every sequence needs a row")]
    [InlineData("engine: { stepMs: }", "has no value")]
    public void A_wrong_file_is_refused_with_a_reason(string yaml, string reason)
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Load(yaml));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_wide_and_long_files_are_refused_quickly()
    {
        Assert.Contains("nested deeper", Assert.Throws<ConfigurationException>(() => Load("a: " + new string('[', 5000))).Message, StringComparison.Ordinal);
        Assert.Contains("more than", Assert.Throws<ConfigurationException>(() => Load("a: [" + string.Join(',', Enumerable.Repeat("1", 30_000)) + "]")).Message, StringComparison.Ordinal);
        Assert.Contains("longer than", Assert.Throws<ConfigurationException>(() => Load("# " + new string('x', 2 << 20))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_override_keys_and_win_over_the_file()
    {
        HostConfiguration configuration = Load("engine: { stepMs: 5 }\nplugins: { load: [kernels.cpu], options: { kernels.cpu: { threads: 1 } } }",
            ("TESSERA__ENGINE__STEPMS", "77"), ("TESSERA__SERVER__URLS", "http://a:1, http://b:2"), ("TESSERA__PLUGINS__OPTIONS__KERNELS_CPU__THREADS", "4"), ("TESSERA_OTHER", "x"));
        Assert.Equal(77, configuration.Engine.StepMs);
        Assert.Equal(["http://a:1", "http://b:2"], configuration.Server.Urls);
        PluginOption option = Assert.Single(configuration.Plugins.Options["kernels.cpu"], o => o.FromEnvironment);
        Assert.Equal(("THREADS", "4"), (option.Name, option.Value.Text));
    }

    [Fact]
    public void Errors_of_variables_name_the_variable()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Load("", ("TESSERA__ENGINE__STEPMS", "soon"), ("TESSERA__ENGINE__STEPSMS", "1")));
        Assert.Equal(2, error.Errors.Count);
        Assert.Contains("TESSERA__ENGINE__STEPMS engine.stepMs: expected a whole number from 1 to 60000, found 'soon'", error.Errors);
        Assert.Contains("TESSERA__ENGINE__STEPSMS: no such key; did you mean 'ENGINE__STEPMS'?", error.Errors);
    }

    [Fact]
    public void What_a_variable_holds_is_not_in_any_message()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => Load("admin: { token: \"${T}\", urls: [\"${T}\"] }\nengine: { stepMs: \"${T}\" }", ("T", Secret)));
        Assert.Equal(2, error.Errors.Count);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
        Assert.Contains("'${T}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_looked_for_at_the_option_then_here_then_beside_the_executable()
    {
        _folder.Write("here/host.yaml", "engine: { stepMs: 1 }");
        _folder.Write("exe/host.yaml", "engine: { stepMs: 2 }");
        _folder.Write("named.yaml", "engine: { stepMs: 3 }");
        int Step(string here, string? path) => Loader(Path.Combine(_folder.Path, here), Path.Combine(_folder.Path, "exe")).Load(path).Engine.StepMs;
        Assert.Equal(1, Step("here", null));
        Assert.Equal(2, Step("", null));
        Assert.Equal(3, Step("", "named.yaml"));
        Assert.Contains("nothing.yaml", Assert.Throws<ConfigurationException>(() => Step("", "nothing.yaml")).Message, StringComparison.Ordinal);
        Assert.Contains("--config", Assert.Throws<ConfigurationException>(() => Loader(_folder.Path, _folder.Path).Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_path_is_looked_for_beside_the_file_then_beside_the_executable()
    {
        string near = _folder.Write("here/near.gguf", "x");
        string far = _folder.Write("exe/far.gguf", "x");
        _folder.Write("here/host.yaml", "models: { list: [ { name: near, path: near.gguf }, { name: far, path: far.gguf } ] }");
        HostConfiguration configuration = Loader(Path.Combine(_folder.Path, "here"), Path.Combine(_folder.Path, "exe")).Load();
        Assert.Equal([near, far], configuration.Models.List.Select(m => m.Path));
        Assert.Equal(2, configuration.Plugins.Folders.Count);
    }

    [Fact]
    public void A_model_of_the_command_line_is_a_name_or_a_path()
    {
        _folder.Write("demo.gguf", "x");
        string another = _folder.Write("sub/demo.gguf", "x");
        HostConfiguration configuration = Load("models: { list: [ { name: demo, path: demo.gguf }, { name: other, path: demo.gguf } ] }");
        Assert.Equal(("other", 2), (configuration.WithModel("other", _folder.Path).Models.Default, configuration.WithModel("other", _folder.Path).Models.List.Count));
        Assert.Equal(("demo", 2), (configuration.WithModel("./demo.gguf", _folder.Path).Models.Default, configuration.WithModel("./demo.gguf", _folder.Path).Models.List.Count));
        ModelsConfiguration added = configuration.WithModel("sub/demo.gguf", _folder.Path).Models;
        Assert.Equal(("demo-2", another), (added.Default, added.List[2].Path));
        Assert.Contains("did you mean 'other'?", Assert.Throws<ConfigurationException>(() => configuration.WithModel("othr", _folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dollar_before_braces_is_kept_when_doubled() =>
        Assert.Equal("${A}", Load("models: { list: [ { name: \"$${A}\", path: \".\" } ] }").Models.Default);

    [Theory]
    [InlineData("auto", null, null)]
    [InlineData("1024", 1024L, null)]
    [InlineData("1.5KiB", 1536L, null)]
    [InlineData("2 GB", 2_000_000_000L, null)]
    [InlineData("50%", null, 50.0)]
    public void Memory_sizes_are_read(string text, long? bytes, double? percent)
    {
        Assert.True(MemorySize.TryParse(text, out MemorySize size));
        Assert.Equal(new MemorySize(bytes, percent), size);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("101%")]
    [InlineData("0%")]
    [InlineData("1e30GiB")]
    [InlineData("99999999TiB")]
    [InlineData("GiB")]
    [InlineData("NaN")]
    public void Wrong_memory_sizes_are_refused(string text) => Assert.False(MemorySize.TryParse(text, out _));

    private static int LineOf(string error) => int.Parse(error.Split(':', ' ')[1]);

    private ConfigurationLoader Loader(string here, string executable, params (string Name, string Value)[] environment) =>
        new() { WorkingFolder = here, ExecutableFolder = executable, Environment = environment.ToDictionary(e => e.Name, e => e.Value) };

    private HostConfiguration Load(string yaml, params (string Name, string Value)[] environment)
    {
        _folder.Write("host.yaml", yaml);
        return Loader(_folder.Path, _folder.Path, environment).Load();
    }
}
