using System.Text;
using System.Text.Json;
using Tessera.Acceptance.Tests.RealModel;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Acceptance.Tests.Speculation;

/// <summary>The real model under grammars: what it says follows them, with drafts as without.</summary>
public sealed class GrammarTests(SharedStack stack)
{
    private const int Tokens = 120;

    private static readonly string[] Questions =
    [
        "Give me a JSON object with the keys \"name\" and \"age\" for Alice, who is 31.", "Answer in JSON: what is the capital of France? Use the key \"capital\".", "Write a JSON object with a list of three colors.",
        "Repeat this JSON: {\"id\": 7, \"tags\": [\"red\", \"blue\"], \"size\": {\"w\": 3, \"h\": 4}}", "Give me {\"ok\": true} as JSON.", "Describe a cat as a JSON object with short values.",
    ];

    /// <summary>A list whose items repeat, which prompts and outputs know.</summary>
    private static readonly Grammar List = Grammar.Parse("root ::= (\"- \" [A-Z] [a-z]{2,9} \": \" (\"yes\" | \"no\") \"\\n\"){4,6}");

    [Theory]
    [InlineData("json"), InlineData("list")]
    public async Task Greedy_output_is_the_same_with_and_without_drafts(string kind)
    {
        Goldens goldens = Goldens.Require();
        Grammar grammar = kind == "json" ? Grammar.Json : List;
        await using HostStack drafting = new(null, ("TESSERA__PLUGINS__OPTIONS__SPEC_DECODING__SOURCES", "lookup, suffix"), ("TESSERA__PLUGINS__OPTIONS__SPEC_DECODING__MAXDRAFT", "6"));
        await using SteppedEngine plain = new(stack.Host.Build(goldens.Model, ActivationPrecision.Fast, SpeculationTests.Context), SpeculationTests.Options);
        await using SteppedEngine spec = new(drafting.Builder().Build(HostStack.Entry(goldens.Model, ActivationPrecision.Fast, SpeculationTests.Context) with { Decoding = "spec.decoding" }), SpeculationTests.Options);
        ITokenizer tokenizer = plain.Engine.Composition.Tokenizer;
        int ended = 0;
        List<GenerationStream>[] all = [[], []];
        foreach (string question in Questions)
        {
            List<int> prompt = [];
            tokenizer.Encode($"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n", new EncodeOptions { ParseSpecial = true }, prompt);
            GenerationRequest request = new() { Prompt = [.. prompt], MaxTokens = Tokens, Sampling = new SamplingOptions { Temperature = 0 }, TopLogProbabilities = 0, Grammar = grammar };
            all[0].Add(plain.Engine.Submit(request)[0]);
            all[1].Add(spec.Engine.Submit(request)[0]);
        }
        plain.Run();
        spec.Run();
        for (int i = 0; i < Questions.Length; i++)
        {
            (List<GeneratedToken> expected, FinishReason reason) = Read(all[0][i]);
            (List<GeneratedToken> found, FinishReason same) = Read(all[1][i]);
            Assert.Equal(expected, found);
            Assert.Equal(reason, same);
            string text = Text(tokenizer, expected);
            TestContext.Current.TestOutputHelper?.WriteLine($"{reason}, {all[1][i].AcceptedTokens} of {all[1][i].DraftedTokens} draft tokens accepted: {text}");
            if (kind == "list")
                Assert.Matches("^(- [A-Z][a-z]{2,9}: (yes|no)\n){4,6}$", text);
            else if (reason == FinishReason.EndToken)
                Assert.Equal(JsonValueKind.Object, JsonElement.Parse(text).ValueKind);
            else
                Assert.Equal(FinishReason.Length, reason);
            ended += reason == FinishReason.EndToken ? 1 : 0;
        }
        Assert.True(ended > Questions.Length / 2, $"{ended} of {Questions.Length} came to an end");
        Assert.True(spec.Drafts.Values.Sum(d => d.Accepted) > 20, string.Join(", ", spec.Drafts));
        Assert.Equal(0, spec.Engine.Speculation!.Faults);
    }

    private static string Text(ITokenizer tokenizer, List<GeneratedToken> tokens)
    {
        TextStream text = new(tokenizer.CreateDecoder(skipControl: true), [], []);
        StringBuilder builder = new();
        foreach (GeneratedToken token in tokens)
            text.Append(token.Token, builder);
        text.Finish(builder);
        return builder.ToString();
    }

    private static (List<GeneratedToken> Tokens, FinishReason Reason) Read(GenerationStream stream)
    {
        List<GeneratedToken> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token);
        Assert.Null(stream.Error);
        return (tokens, stream.FinishReason);
    }
}
