using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Kit;

/// <summary>A third party's quantization type, from its source to a model that uses it: built outside the repository against the contract's package, packed, signed, installed over REST into a running host.</summary>
[Collection(WorkshopCollection.Name)]
public sealed class SampleTests(AuthorWorkshop workshop) : IDisposable
{
    private const string Token = "let-me-in";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>As it is stored, described and not, and written anew at load.</summary>
    [Theory]
    [InlineData(Sample3File.TypeName, "off", false)]
    [InlineData(Sample3File.TypeName, "on", true)]
    [InlineData("sample3_unpack", "off", false)]
    public async Task A_type_that_the_host_does_not_know_comes_over_REST_and_a_model_uses_it(string type, string transcode, bool written)
    {
        string key = Path.Combine(_folder.Path, "acme.pem"), tpk = Path.Combine(_folder.Path, "quant.sample-1.0.0.tpk");
        string trust = AuthorWorkshop.Done(await TesseraProcess.RunAsync("plugins", "key", "acme", key)).Split('\n')[1];
        AuthorWorkshop.Done(await TesseraProcess.RunAsync("plugins", "pack", workshop.OutputOf("Quant.Sample"), tpk, "--publisher", "acme", "--key", key));
        _folder.Write("chain.gguf", ChainModel.Bytes(quantize: (type, Sample3File.Quantize)));
        (int port, int adminPort) = (LifeCycle.Relay.FreePort(), LifeCycle.Relay.FreePort());
        string config = _folder.Write("host.yaml", $$"""
            server: { urls: ["http://127.0.0.1:{{port}}"] }
            plugins: { folder: "{{Path.Combine(TestServer.Executable, "plugins")}}", load: [format.gguf, quant.ggml, kernels.cpu, tokenizer.bpe], store: store, publishers: { {{trust}} }, options: { kernels.cpu: { transcode: {{transcode}} } } }
            models: { default: chain, list: [ { name: chain, path: chain.gguf } ] }
            kv: { memory: 64MiB }
            admin: { urls: ["http://127.0.0.1:{{adminPort}}"], token: {{Token}} }
            """);

        await using TesseraProcess host = TesseraProcess.Start("serve", "--config", config);
        using HttpClient client = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(2) };
        using HttpClient admin = new() { BaseAddress = new Uri($"http://127.0.0.1:{adminPort}"), Timeout = TimeSpan.FromMinutes(2), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
        await AnswersAsync(client);
        Assert.Contains(type, await PostAsync(client, "/v1/load_model", new { model = "chain" }, HttpStatusCode.InternalServerError), StringComparison.Ordinal);

        using HttpResponseMessage installed = await admin.PostAsync("/admin/plugins/install", new ByteArrayContent(File.ReadAllBytes(tpk)), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, installed.StatusCode);
        await PostAsync(admin, "/admin/plugins/activate", new { plugin = "quant.sample" }, HttpStatusCode.OK);
        await PostAsync(client, "/v1/load_model", new { model = "chain" }, HttpStatusCode.OK);
        JsonElement answer = JsonElement.Parse(await PostAsync(client, "/v1/completions", new { model = "chain", prompt = "abc", max_tokens = 20, temperature = 0 }, HttpStatusCode.OK));
        Assert.Equal(ChainModel.ExpectText('c', 20), answer.GetProperty("choices")[0].GetProperty("text").GetString());

        JsonElement list = JsonElement.Parse(await admin.GetStringAsync("/admin/plugins", TestContext.Current.CancellationToken));
        JsonElement line = Assert.Single(list.GetProperty("plugins").EnumerateArray(), p => p.GetProperty("id").GetString() == "quant.sample");
        Assert.Equal(("active", "signed by acme"), (line.GetProperty("state").GetString(), line.GetProperty("voucher").GetString()));
        host.Signal("TERM");
        Assert.Equal(0, await host.ExitAsync());
        Assert.Equal(written, (await host.Errors).Contains("weights that a plugin only unpacks were written anew", StringComparison.Ordinal));
    }

    private static async Task AnswersAsync(HttpClient client)
    {
        for (int i = 0; i < 2400; i++)
            try
            {
                if ((await client.GetAsync("/health", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(25, TestContext.Current.CancellationToken);
            }
        Assert.Fail("the host does not answer");
    }

    private static async Task<string> PostAsync(HttpClient client, string path, object body, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync(path, body, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == response.StatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return text;
    }
}
