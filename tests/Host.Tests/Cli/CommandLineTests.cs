using System.Runtime.InteropServices;
using System.Text.Json;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary>The executable as people use it.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _config;

    public CommandLineTests()
    {
        _model = _folder.Write("chain.gguf", ChainModel.Bytes());
        _config = _folder.Write("host.yaml", TestServer.Yaml(_model));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, "serve", "--help")]
    [InlineData(0, "Tessera", "--help")]
    [InlineData(0, "--prompt", "help", "run")]
    [InlineData(2, "srve", "srve")]
    [InlineData(2, "--nothing", "list", "--nothing")]
    [InlineData(2, "--prompt", "run", "demo")]
    [InlineData(2, "--tensor and --out", "show", "x.gguf", "--tensor", "t")]
    [InlineData(2, "--context: expected a whole number of at least 1, found '0'", "logits", "demo", "--context", "0")]
    [InlineData(2, "--context: expected a whole number of at least 1, found 'long'", "logits", "demo", "--context", "long")]
    [InlineData(2, "--activations: expected fast or float32, found 'int8'", "logits", "demo", "--activations", "int8")]
    [InlineData(2, "--temperature: expected a number, found 'hot'", "run", "demo", "-p", "hi", "-t", "hot")]
    [InlineData(2, "--seed: expected a whole number of at least 0, found '-1'", "run", "demo", "-p", "hi", "--seed", "-1")]
    [InlineData(2, "--max-tokens: expected a whole number, found '1.5'", "run", "demo", "-p", "hi", "-n", "1.5")]
    [InlineData(2, "--top-k: expected a whole number, found '1e3'", "run", "demo", "-p", "hi", "--top-k", "1e3")]
    [InlineData(2, "--top-p: expected a number, found 'NaN'", "run", "demo", "-p", "hi", "--top-p", "NaN")]
    [InlineData(2, "--max-tokens", "run", "demo", "-p", "hi", "--max-tokens")]
    [InlineData(2, "--rounds: expected a whole number from 1 to 100000, found 'x'", "plugins", "verify", "p", "--rounds", "x")]
    [InlineData(2, "nowhere.yaml", "list", "--config", "nowhere.yaml")]
    [InlineData(2, "nowhere.gguf", "run", "nowhere.gguf", "-p", "hi")]
    public async Task Usage_and_help_have_their_exit_codes(int code, string says, params string[] arguments)
    {
        Finished finished = await TesseraProcess.RunAsync(arguments);
        Assert.True(code == finished.Code, $"{finished}");
        Assert.Contains(says, code == 0 ? finished.Output : finished.Error, StringComparison.Ordinal);
        Assert.Equal("", code == 0 ? finished.Error : finished.Output);
    }

    [Fact]
    public async Task Without_an_Apple_GPU_the_self_test_of_Metal_says_so_and_fails()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "this machine may have one");
        Finished finished = await TesseraProcess.RunAsync("metal-selftest");
        Assert.Equal((1, ""), (finished.Code, finished.Output));
        Assert.Equal("tessera: metal: unavailable: no Metal device", finished.Error.TrimEnd());
        Finished wrong = await TesseraProcess.RunAsync("metal-selftest", "--megabytes", "0");
        Assert.Equal(2, wrong.Code);
        Assert.Contains("--megabytes: expected a whole number from 1 to 1500, found '0'", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_configuration_is_told_with_its_line_and_a_wrong_model_by_name()
    {
        string config = _folder.Write("wrong.yaml", TestServer.Yaml(_model) + "\nengine:\n  thread: 2\n");
        Finished wrong = await TesseraProcess.RunAsync("serve", "--config", config);
        Assert.Equal((2, ""), (wrong.Code, wrong.Output));
        Assert.Matches(@"^wrong\.yaml:\d+ engine\.thread: unknown key; did you mean 'threads'\?\s*$", wrong.Error);
        string cut = _folder.Write("cut.gguf", ChainModel.Bytes()[..20_000]);
        foreach (string[] command in new string[][] { ["run", cut, "-p", "hi"], ["explain", cut], ["logits", cut] })
        {
            Finished finished = await TesseraProcess.RunAsync([.. command, "--config", _config]);
            Assert.Equal((1, ""), (finished.Code, finished.Output));
            Assert.StartsWith("tessera: ", finished.Error, StringComparison.Ordinal);
            Assert.Contains("cut.gguf", finished.Error, StringComparison.Ordinal);
            Assert.Single(finished.Error.TrimEnd().Split('\n'));
        }
    }

    [Theory]
    [InlineData("nothere.txt: no such file; expected a text", "perplexity", "MODEL", "nothere.txt")]
    [InlineData("nothere.jinja: no such file; expected a Jinja template", "template", "nothere.jinja")]
    [InlineData("nothere.gbnf: no such file; expected a grammar in GBNF", "run", "MODEL", "-p", "hi", "--grammar", "nothere.gbnf")]
    [InlineData(": a folder; expected a text", "perplexity", "MODEL", "FOLDER")]
    [InlineData(".gguf: not UTF-8; expected a text", "perplexity", "MODEL", "MODEL")]
    public async Task A_text_file_that_is_not_there_is_told_with_what_it_should_be(string error, params string[] command)
    {
        Finished finished = await TesseraProcess.RunAsync([.. command.Select(c => c switch { "MODEL" => _model, "FOLDER" => Path.GetDirectoryName(_config)!, _ => c }), .. command[0] == "template" ? (string[])[] : ["--config", _config]]);
        Assert.Equal((1, ""), (finished.Code, finished.Output));
        Assert.Contains(error, finished.Error, StringComparison.Ordinal);
        Assert.Single(finished.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Tokenize_answers_every_line_and_a_bad_one_with_an_error()
    {
        JsonElement[] lines = await LinesAsync("tokenize", """
            {"text": "the 日"}
            {"text": 7}

            not JSON
            {"text": "\ud800"}
            {"\ud800": 1}
            [1]
            {"text": "<|im_end|>", "parse_special": true}
            """);
        Assert.Equal(7, lines.Length);
        Assert.Equal("[257,32,230,151,165]", lines[0].GetProperty("ids").GetRawText());
        Assert.Equal("the", lines[0].GetProperty("pieces")[0].GetString());
        Assert.All(lines[1..6], l => Assert.False(string.IsNullOrEmpty(l.GetProperty("error").GetString())));
        Assert.Equal("[260]", lines[6].GetProperty("ids").GetRawText());
    }

    [Fact]
    public async Task Detokenize_writes_special_tokens_out_and_broken_characters_as_U_FFFD()
    {
        JsonElement[] lines = await LinesAsync("detokenize", """
            {"ids": [32, 257, 260]}
            {"ids": [261]}
            {"ids": [230, 151]}
            """);
        Assert.Equal(" the<|im_end|>", lines[0].GetProperty("text").GetString());
        Assert.Contains("ids[0]", lines[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("\uFFFD", lines[2].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_tokenizer_s_own_file_or_its_folder_does_for_a_model()
    {
        string ranks = _folder.Write("qwen/mine.tiktoken", string.Concat(Enumerable.Range(0, 256).Select(b => $"{Convert.ToBase64String([(byte)b])} {b}\n")) + "YWI= 256\n");
        _folder.Write("qwen/tokenizer_config.json", """{"tokenizer_class": "QWenTokenizer"}""");
        foreach (string path in (string[])[ranks, Path.GetDirectoryName(ranks)!])
        {
            Finished tokenized = await TesseraProcess.RunWithAsync("""{"text": "ab<|im_end|>", "parse_special": true}""", "tokenize", path, "--config", _config);
            Assert.True(tokenized.Code == 0, $"{tokenized}");
            Assert.Equal("[256,259]", JsonElement.Parse(tokenized.Output).GetProperty("ids").GetRawText());
            Finished text = await TesseraProcess.RunWithAsync("""{"ids": [256, 259]}""", "detokenize", path, "--config", _config);
            Assert.Equal("ab<|im_end|>", JsonElement.Parse(text.Output).GetProperty("text").GetString());
        }
        Finished unknown = await TesseraProcess.RunAsync("tokenize", _folder.Write("other/mine.tiktoken", "YQ== 0\n"), "--config", _config);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("mine.tiktoken: byte 0x00 has no token", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Template_renders_a_models_template_and_a_files()
    {
        string input = """
            {"messages": [{"role": "user", "content": "é"}], "add_generation_prompt": true, "kwargs": {"mood": "!"}}
            {"messages": 7}
            {"messages": [], "now": "2026-01-31T12:00:00"}
            """;
        JsonElement[] lines = await LinesAsync("template", input);
        Assert.Equal("<|im_start|>user\né<|im_end|>\n!<|im_start|>assistant\n", lines[0].GetProperty("text").GetString());
        Assert.True(lines[1].TryGetProperty("error", out _));
        Assert.Equal("", lines[2].GetProperty("text").GetString());
        string jinja = _folder.Write("t.jinja", "{{ strftime_now('%d %B %Y') }} {{ bos_token }}");
        Finished finished = await TesseraProcess.RunWithAsync("{\"now\": \"2026-01-31T12:00:00\", \"bos_token\": \"<s>\"}", "template", jinja);
        Assert.Equal("{\"text\":\"31 January 2026 <s>\"}\n", finished.Output);
    }

    [Fact]
    public async Task Logits_gives_rows_and_greedy_ids_on_either_path()
    {
        string input = """
            {"tokens": [97, 98], "positions": [0, 1], "greedy": 5}
            {"tokens": [97, 999]}
            {"tokens": []}
            {"tokens": [97], "positions": [1]}
            {"tokens": [122]}
            """;
        foreach (string[] path in new string[][] { [], ["--activations", "float32"] })
        {
            JsonElement[] lines = await LinesAsync("logits", input, path);
            Assert.Equal(5, lines.Length);
            JsonElement rows = lines[0].GetProperty("logits");
            Assert.Equal((2, ChainModel.Vocabulary), (rows.GetArrayLength(), rows[1].GetArrayLength()));
            Assert.Equal(JsonSerializer.Serialize(ChainModel.Expect('b', 5)), lines[0].GetProperty("greedy").GetRawText());
            Assert.Equal('b', rows[0].EnumerateArray().Select((l, i) => (l.GetSingle(), i)).Max().i);
            Assert.All(lines[1..4], l => Assert.False(string.IsNullOrEmpty(l.GetProperty("error").GetString())));
            Assert.Equal(1, lines[4].GetProperty("logits").GetArrayLength());
        }
    }

    [Fact]
    public async Task Show_list_explain_and_run_print_what_they_say()
    {
        Finished show = await TesseraProcess.RunAsync("show", _model, "--config", _config);
        Assert.Equal(0, show.Code);
        Assert.Contains("llama.context_length = 4096", show.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^blk\.1\.ffn_down\.weight +f32 +\S.*131072 +32 bits; own kernel \(.+\), activations float32\s*$", show.Output);
        string values = Path.Combine(_folder.Path, "values.bin");
        Assert.Equal(0, (await TesseraProcess.RunAsync("show", _model, "--config", _config, "--tensor", "output_norm.weight", "--out", values)).Code);
        Assert.Equal(Enumerable.Repeat(1f, 128), MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(values, TestContext.Current.CancellationToken)).ToArray());
        Finished none = await TesseraProcess.RunAsync("show", _model, "--config", _config, "--tensor", "output_norm.weigh", "--out", values + "2");
        Assert.Equal(1, none.Code);
        Assert.Contains("output_norm.weight", none.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(values + "2"));
        Finished list = await TesseraProcess.RunAsync("list", "--config", _config);
        Assert.Matches(@"^\* chain +\d+\.\d MB +\S+chain\.gguf\s*$", list.Output);
        Finished explain = await TesseraProcess.RunAsync("explain", "chain", "--config", _config);
        Assert.Equal(0, explain.Code);
        Assert.Contains("kernels.cpu", explain.Output, StringComparison.Ordinal);
        Finished run = await TesseraProcess.RunAsync("run", "chain", "--config", _config, "-p", "hi", "-n", "8", "-t", "0");
        Assert.Equal((0, "abcdefgh\n"), (run.Code, run.Output));
        Assert.Matches(@"prefill \d+ tokens .*; decode \d+ tokens .* tokens/s", run.Error);
        string grammar = _folder.Write("some.gbnf", "root ::= [x-z]{3} \"!\""), wrong = _folder.Write("wrong.gbnf", "root ::= x");
        Assert.Matches("^[x-z]{3}!\n$", (await TesseraProcess.RunAsync("run", "chain", "--config", _config, "-p", "hi", "--grammar", grammar)).Output);
        Finished refused = await TesseraProcess.RunAsync("run", "chain", "--config", _config, "-p", "hi", "--grammar", wrong);
        Assert.Equal((1, $"tessera: {wrong}: line 1, column 10: rule 'x' is not defined"), (refused.Code, refused.Error.Trim()));
        Assert.Equal("def\n", (await TesseraProcess.RunWithAsync("abc", "run", "chain", "--config", _config, "-p", "-", "--raw", "-n", "3", "-t", "0")).Output);
    }

    private async Task<JsonElement[]> LinesAsync(string command, string input, params string[] more)
    {
        Finished finished = await TesseraProcess.RunWithAsync(input, [command, "chain", "--config", _config, .. more]);
        Assert.True(finished.Code == 0, $"{finished}");
        return [.. finished.Output.TrimEnd('\n').Split('\n').Select(l => JsonSerializer.Deserialize<JsonElement>(l))];
    }
}
