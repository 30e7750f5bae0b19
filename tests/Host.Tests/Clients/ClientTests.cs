using System.ClientModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Clients;

/// <summary>The official clients hold 8 conversations of 2 turns at once, streaming and not, on the chain model and on the real one.</summary>
[Collection(ServingCollection.Name)]
public sealed class ClientTests
{
    private const int Conversations = 8, Tokens = 16;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_OpenAI_package_for_NET_converses(bool real)
    {
        await using TestServer server = await StartAsync(real);
        ChatClient client = new("chain", new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Client.BaseAddress!, "v1") });
        string[][] together = await Task.WhenAll(Enumerable.Range(0, Conversations).Select(i => ConverseAsync(client, i, streamFirst: false)));
        string[][] alone = new string[Conversations][];
        for (int i = 0; i < Conversations; i++)
            alone[i] = await ConverseAsync(client, i, streamFirst: true);
        Check(together, alone, real);
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync([new UserChatMessage("hi")], new ChatCompletionOptions { Temperature = 101 }));
        Assert.Equal(400, refused.Status);
        Assert.Contains("temperature", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_openai_package_for_Node_converses(bool real)
    {
        string folder = await NpmInstallAsync();
        await using TestServer server = await StartAsync(real);
        (int code, string output, string errors) = await RunAsync("node", folder, "openai-client.mjs", new Uri(server.Client.BaseAddress!, "v1").ToString(), "chain", $"{Tokens}");
        Assert.True(code == 0, errors);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement root = json.RootElement;
        Check(Texts(root.GetProperty("together")), Texts(root.GetProperty("alone")), real);
        Assert.Equal("chain", Assert.Single(root.GetProperty("models").EnumerateArray()).GetString());
        Assert.Equal(("BadRequestError", 400, "messages"), (root.GetProperty("refused").GetProperty("kind").GetString(), root.GetProperty("refused").GetProperty("status").GetInt32(), root.GetProperty("refused").GetProperty("param").GetString()));
        if (!real)
            Assert.Equal("def", root.GetProperty("completion").GetString());

        static string[][] Texts(JsonElement e) => [.. e.EnumerateArray().Select(c => c.EnumerateArray().Select(t => t.GetString()!).ToArray())];
    }

    private static Task<TestServer> StartAsync(bool real) =>
        TestServer.StartAsync(path: real ? Shared.Require("models", "smollm2-135m-instruct-q4_1.gguf") : null);

    private static void Check(string[][] together, string[][] alone, bool real)
    {
        Assert.Equal(Conversations, together.Length);
        Assert.Equal(alone, together);
        if (real)
            Assert.True(together.Select(c => c[0]).Distinct().Count() > 1, "all conversations went the same way");
        else
            Assert.All(together, c => Assert.Equal([ChainModel.ExpectText('\n', Tokens), ChainModel.ExpectText('\n', Tokens)], c));
    }

    private static async Task<string[]> ConverseAsync(ChatClient client, int number, bool streamFirst)
    {
        List<ChatMessage> messages = [new UserChatMessage($"Name the number {number}.")];
        string first = await SayAsync(client, messages, streamFirst);
        messages.AddRange([new AssistantChatMessage(first), new UserChatMessage("And the next one?")]);
        return [first, await SayAsync(client, messages, !streamFirst)];
    }

    private static async Task<string> SayAsync(ChatClient client, List<ChatMessage> messages, bool stream)
    {
        ChatCompletionOptions options = new() { Temperature = 0, MaxOutputTokenCount = Tokens };
        if (!stream)
            return (await client.CompleteChatAsync(messages, options, TestContext.Current.CancellationToken)).Value.Content[0].Text;
        StringBuilder text = new();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(messages, options, TestContext.Current.CancellationToken))
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
        return text.ToString();
    }

    /// <summary>A folder with the script and the package; installed once for each version.</summary>
    private static async Task<string> NpmInstallAsync()
    {
        string folder = Path.Combine(Shared.RepositoryRoot, "tests", "Host.Tests", "obj", "npm");
        Directory.CreateDirectory(folder);
        bool same = Directory.Exists(Path.Combine(folder, "node_modules", "openai"));
        foreach (string name in new[] { "package.json", "openai-client.mjs" })
        {
            string text = await File.ReadAllTextAsync(Path.Combine(Shared.RepositoryRoot, "tests", "Host.Tests", "Clients", name), TestContext.Current.CancellationToken);
            string target = Path.Combine(folder, name);
            same &= name != "package.json" || (File.Exists(target) && await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken) == text);
            await File.WriteAllTextAsync(target, text, TestContext.Current.CancellationToken);
        }
        if ((await RunAsync("node", folder, "--version")).Code != 0 || (!same && (await RunAsync("npm", folder, "--version")).Code != 0))
            Assert.Skip("node and npm are not here");
        if (!same)
        {
            (int code, string output, string errors) = await RunAsync("npm", folder, "install", "--no-audit", "--no-fund", "--no-package-lock");
            Assert.True(code == 0, output + errors);
        }
        return folder;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string program, string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(OperatingSystem.IsWindows() && program == "npm" ? "npm.cmd" : program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, output, await errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "", $"{program} is not here");
        }
    }
}
