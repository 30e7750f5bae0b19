namespace Tessera.Tokenizer.Spm.Tests;

public class GoldenTests
{
    public static TheoryData<string> Names => ["llama-spm", "phi-3"];

    [Fact]
    public void No_vocabulary_is_left_out() => Assert.Equal(Names.Select(n => n.Data), TokenizerFixtures.Of(new SpmFactory()));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_case_of_three_builds_of_llama_cpp_is_met(string name) => TokenizerFixtures.Check(Read(name), name);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_case_of_the_original_tokenizer_is_met(string name) => TokenizerFixtures.CheckHuggingFace(Read(name), name);

    private static ITokenizer Read(string name) =>
        new SpmFactory().Create(TestGguf.ReadTokenizer(Shared.Require("fixtures", "tokenizers-gguf", name + ".gguf")));
}
