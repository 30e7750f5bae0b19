using System.Net.Sockets;
using System.Text;

namespace Tessera.Host.Tests.Serving;

[Collection(ServingCollection.Name)]
public sealed class ClientsThatGoTests
{
    private static object Long(bool stream, int n = 1) => new { prompt = "a", max_tokens = 4000, temperature = 0, stream, n };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_disconnects_frees_its_blocks_within_a_second_while_others_go_on(bool stream)
    {
        await using TestServer server = await TestServer.StartAsync();
        LiveStream other = new(await server.SendAsync("/v1/completions", Long(stream: true)));
        Task<string> text = other.ReadAsync();
        await TestServer.UntilAsync(() => other.Length > 0, "the other stream runs");
        using TcpClient leaving = await OpenAsync(server, Long(stream, n: 6));
        await TestServer.UntilAsync(() => server.Load.Running == 7, "all sequences run");
        leaving.Client.LingerState = new LingerOption(true, 0);
        leaving.Close();
        await TestServer.UntilAsync(() => server.Load.Running == 1, "the blocks of who left are free", seconds: 1);
        Assert.False(text.IsCompleted, "the other stream ended before anything was shown");
        Assert.Equal(ChainModel.ExpectText('a', 4000), await text);
        await TestServer.UntilAsync(() => server.Load is { Running: 0, BlocksUsed: 0 }, "nothing is held");
    }

    [Fact]
    public async Task A_slow_reader_slows_nobody_and_is_cut_off()
    {
        await using TestServer server = await TestServer.StartAsync("slowReaderSeconds: 2", model: ChainModel.Bytes(context: 16384));
        // Some 20 MB of events: the socket of a machine with large buffers takes 4 MB and more before the server sees that nobody reads.
        const int Streams = 8;
        using TcpClient slow = await OpenAsync(server, new { prompt = "a", max_tokens = 16000, temperature = 0, stream = true, logprobs = 20, return_token_ids = true, n = Streams });
        await TestServer.UntilAsync(() => server.Load.Running == Streams, "all sequences run");
        for (int i = 0; i < 5; i++)
            Assert.Equal(ChainModel.ExpectText('c', 200), (await server.PostAsync("/v1/completions", new { prompt = "abc", max_tokens = 200, temperature = 0 })).Ok().Content());
        await TestServer.UntilAsync(() => server.Load is { Running: 0, BlocksUsed: 0 }, "it holds no blocks");
        // Its request ends too, so that it keeps no engine from being swapped away.
        (await server.PostAsync("/v1/load_model", new { model = "chain" })).Ok();
        await TestServer.UntilAsync(() => server.Model.Draining == 0, "it holds no engine", seconds: 30);
        byte[] rest = new byte[1 << 16];
        StringBuilder tail = new();
        try
        {
            int read;
            while ((read = await slow.GetStream().ReadAsync(rest, TestContext.Current.CancellationToken)) > 0)
                tail.Append(Encoding.UTF8.GetString(rest, 0, read));
        }
        catch (IOException)
        {
            // Reset: as good an end.
        }
        Assert.DoesNotContain("[DONE]", tail.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_that_send_half_a_request_hold_nothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        using TcpClient half = new();
        Uri url = server.Client.BaseAddress!;
        await half.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        await half.GetStream().WriteAsync("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"prompt\":"u8.ToArray(), TestContext.Current.CancellationToken);
        (await server.PostAsync("/v1/load_model", new { model = "chain" })).Ok();
        await TestServer.UntilAsync(() => server.Model.Draining == 0, "the old engine is gone");
    }

    private static async Task<TcpClient> OpenAsync(TestServer server, object body)
    {
        byte[] json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body);
        TcpClient client = new() { ReceiveBufferSize = 4096 };
        Uri url = server.Client.BaseAddress!;
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/completions HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n"), TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(json, TestContext.Current.CancellationToken);
        return client;
    }
}
