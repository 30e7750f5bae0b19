namespace Tessera.Tokenizer.Spm.Tests;

public class GoldenTests
{
    [Theory]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    public void Every_case_of_three_builds_of_llama_cpp_is_met(string name) => TokenizerFixtures.Check(Read(name), name);

    [Theory]
    [InlineData("llama-spm")]
    [InlineData("phi-3")]
    public void Every_case_of_the_original_tokenizer_is_met(string name) => TokenizerFixtures.CheckHuggingFace(Read(name), name);

    private static ITokenizer Read(string name) =>
        new SpmFactory().Create(TestGguf.ReadTokenizer(Shared.Require("fixtures", "tokenizers-gguf", name + ".gguf")));
}
