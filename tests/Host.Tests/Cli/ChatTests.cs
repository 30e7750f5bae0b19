using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera chat</c>, and every command's help.</summary>
public sealed class ChatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("serve")]
    [InlineData("run")]
    [InlineData("chat")]
    [InlineData("show")]
    [InlineData("list")]
    [InlineData("explain")]
    [InlineData("tokenize")]
    [InlineData("detokenize")]
    [InlineData("template")]
    [InlineData("logits")]
    [InlineData("perplexity")]
    public async Task Every_command_has_help(string command)
    {
        Finished help = await TesseraProcess.RunAsync(command, "--help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        Assert.Contains("Description:", help.Output, StringComparison.Ordinal);
        Assert.Contains($"tessera {command}", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conversation_goes_on_after_an_empty_line_a_reset_and_a_turn_that_does_not_fit()
    {
        string config = _folder.Write("host.yaml", TestServer.Yaml(_folder.Write("chain.gguf", ChainModel.Bytes())));
        string input = $"ab\n\n/reset\nab\n{new string('x', 20_000)}\nab\n/bye\nab\n";
        Finished chat = await TesseraProcess.RunWithAsync(input, "chat", "chain", "--config", config, "-n", "4", "-t", "0");
        Assert.Equal(0, chat.Code);
        string[] answers = chat.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, answers.Length);
        Assert.Equal(answers[0], answers[1]);
        Assert.NotEqual("", answers[2]);
        Assert.Single(chat.Error.Split('\n'), line => line.Contains("do not leave room in the model's context", StringComparison.Ordinal));
    }
}
