using System.Text.Json;

namespace Tessera.Tokenizer.Bpe.Tests;

public class GoldenTests
{
    public static TheoryData<string> Names => ["bert-bge", "deepseek-coder", "deepseek-llm", "gpt-2", "starcoder"];

    [Fact]
    public void No_vocabulary_is_left_out() => Assert.Equal(Names.Select(n => n.Data), TokenizerFixtures.Of(new BpeFactory(), new WordPiece.WordPieceFactory()));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_case_of_three_builds_of_llama_cpp_is_met(string name) => TokenizerFixtures.Check(Read(name), name);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_case_of_the_original_tokenizer_is_met(string name) => TokenizerFixtures.CheckHuggingFace(Read(name), name);

    [Fact]
    public void Prompts_of_the_real_model_have_the_recorded_ids()
    {
        ITokenizer tokenizer = Create(TestGguf.ReadTokenizer(Shared.Require("models", "smollm2-135m-instruct-q4_1.gguf")));
        JsonElement goldens = JsonElement.Parse(File.ReadAllText(Shared.Require("models", "smollm2-135m-instruct-q4_1.goldens.json")));
        int run = 0;
        foreach (JsonElement item in goldens.GetProperty("cases").EnumerateArray())
        {
            run++;
            int[] expected = [.. item.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32())];
            string prompt = item.GetProperty("prompt").GetString()!;
            int[] ids = TokenizerFixtures.Encode(tokenizer, prompt, addSpecial: true, item.GetProperty("parse_special").GetBoolean());
            Assert.True(expected.SequenceEqual(ids), $"{item.GetProperty("name")}: {string.Join(' ', ids)}");
            Assert.Equal(prompt, System.Text.Encoding.UTF8.GetString(TokenizerFixtures.Decode(tokenizer, ids, skipControl: false)));
        }
        Assert.Equal(20, run);
        Assert.Equal(goldens.GetProperty("end_tokens").EnumerateArray().Select(e => e.GetInt32()), tokenizer.EndTokens);
    }

    private static ITokenizer Read(string name) => Create(TestGguf.ReadTokenizer(Shared.Require("fixtures", "tokenizers-gguf", name + ".gguf")));

    private static ITokenizer Create(TokenizerAssets assets)
    {
        ITokenizerFactory factory = assets.Model == "bert" ? new WordPiece.WordPieceFactory() : new BpeFactory();
        Assert.True(factory.CanCreate(assets));
        return factory.Create(assets);
    }
}
