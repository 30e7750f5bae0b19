using Tessera.Host.Models;

namespace Tessera.Host.Tests.Models;

public sealed class TokenizerFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tokenizer.json", "{}", "hf")]
    [InlineData("tokenizer.model", "\n\u0001x", "sentencepiece")]
    [InlineData("spiece.model", "\n\u0001x", "sentencepiece")]
    [InlineData("tiktoken.model", "YQ== 0", "tiktoken")]
    [InlineData("cl100k_base.tiktoken", "YQ== 0", "tiktoken")]
    [InlineData("model.gguf", "GGUF", null)]
    public void A_file_s_name_and_first_byte_say_its_kind(string name, string content, string? kind)
    {
        TokenizerAssets? assets = TokenizerFiles.TryRead(_folder.Write(name, content));
        Assert.Equal(kind, assets?.Model);
        Assert.Equal(kind is null ? null : [name], assets?.Files.Keys);
    }

    [Fact]
    public void A_folder_s_tokenizer_is_found_with_the_configuration_beside_it()
    {
        Assert.Null(TokenizerFiles.TryRead(_folder.Path));
        _folder.Write("a.tiktoken", "YQ== 0");
        _folder.Write("tokenizer_config.json", "{}");
        Assert.Equal(["a.tiktoken", "tokenizer_config.json"], TokenizerFiles.TryRead(_folder.Path)!.Files.Keys.Order());
        _folder.Write("b.tiktoken", "YQ== 0");
        Assert.Contains("a.tiktoken, b.tiktoken", Assert.Throws<ModelFormatException>(() => TokenizerFiles.TryRead(_folder.Path)).Message);
        _folder.Write("tokenizer.model", "\n");
        Assert.Equal("sentencepiece", TokenizerFiles.TryRead(_folder.Path)!.Model);
        _folder.Write("tokenizer.json", "{}");
        Assert.Equal("hf", TokenizerFiles.TryRead(_folder.Path)!.Model);
    }

    [Fact]
    public void Nothing_at_the_path_is_no_tokenizer() => Assert.Null(TokenizerFiles.TryRead(Path.Combine(_folder.Path, "tokenizer.json")));
}
