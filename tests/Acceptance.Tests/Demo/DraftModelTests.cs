using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Demo;

/// <summary>The shipped draft model is one for the demo model.</summary>
public sealed class DraftModelTests(SharedStack stack)
{
    private const double Useful = 0.6;
    private const int Context = 512, MostTokens = 220;

    private static readonly string[] Requests =
    [
        "Tell me a story about a fox.", "Tell me a story about an owl in the forest.", "Write a story about a brave knight.", "Tell me a story about a robot in a big city.", "I want to hear a tale about a dragon.",
        "Tell me a bedtime story about a little mouse.",
    ];

    private static string Folder => Path.Combine(HostFolder.Path, "models", "demo");

    [Fact]
    public void Both_models_have_one_vocabulary_and_are_small()
    {
        using Composition demo = stack.Host.Build(Path.Combine(Folder, "demo.gguf"), ActivationPrecision.Fast), draft = stack.Host.Build(Path.Combine(Folder, "draft.gguf"), ActivationPrecision.Fast);
        Assert.Equal(demo.Tokenizer.VocabularySize, draft.Tokenizer.VocabularySize);
        for (int id = 0; id < demo.Tokenizer.VocabularySize; id++)
            Assert.True(demo.Tokenizer.Piece(id).SequenceEqual(draft.Tokenizer.Piece(id)), $"{id}");
        Assert.Equal(demo.Tokenizer.EndTokens, draft.Tokenizer.EndTokens);
        Assert.InRange(Weights(demo), 3_000_000, 5_000_000);
        Assert.InRange(Weights(draft), 1, 999_999);
        Assert.InRange(new FileInfo(Path.Combine(Folder, "demo.gguf")).Length + new FileInfo(Path.Combine(Folder, "draft.gguf")).Length, 1, 8_000_000);
    }

    [Fact]
    public void The_draft_has_the_demo_models_next_token_in_most_places_of_its_stories()
    {
        using Composition demo = stack.Host.Build(Path.Combine(Folder, "demo.gguf"), ActivationPrecision.Fast, Context), draft = stack.Host.Build(Path.Combine(Folder, "draft.gguf"), ActivationPrecision.Fast, Context);
        using SequenceEvaluator teller = new(demo.Name, demo.Graph, demo.Runtime, demo.Limits), guesser = new(draft.Name, draft.Graph, draft.Runtime, draft.Limits);
        int same = 0, all = 0;
        foreach (string request in Requests)
        {
            List<int> prompt = [];
            demo.Tokenizer.Encode($"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n", new EncodeOptions { ParseSpecial = true }, prompt);
            int[] story = teller.Evaluate([.. prompt], [], (_, _) => { }, MostTokens);
            int end = Array.FindIndex(story, demo.Tokenizer.EndTokens.Contains);
            Assert.True(end > 0, $"{request}: no end within {MostTokens} tokens");
            story = story[..(end + 1)];
            int[] ids = [.. prompt, .. story[..^1]];
            guesser.Evaluate(ids, [.. Enumerable.Range(prompt.Count - 1, story.Length)], (position, logits) => same += Best(logits) == story[position - prompt.Count + 1] ? 1 : 0);
            all += story.Length;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"the draft agrees at {same} of {all} positions ({(double)same / all:P1})");
        Assert.True(all > 500 && same >= Useful * all, $"{same} of {all}");
    }

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best])
                best = i;
        return best;
    }

    private static long Weights(Composition composition) => composition.Source.Tensors.Sum(t => t.Rows * t.Columns);
}
