using Tessera.Conformance.Ledger;

namespace Tessera.Conformance.Tests.TinyModels;

/// <summary>The interpreter against recorded logits of small random models.</summary>
public sealed class TinyModelTests
{
    public static TheoryData<string> Names => [.. TinyGolden.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Logits_and_greedy_tokens_are_the_recorded_ones(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        using TinyModel tiny = new(golden.ModelPath, golden.ContextLength);
        Assert.Equal(golden.VocabularySize, tiny.VocabularySize);
        double largest = golden.LargestDifference([.. golden.Sequences.Select(s =>
        {
            float[][] logits = tiny.Run(0, s.Tokens);
            return s.Positions.Select(p => logits[p]).ToArray();
        })]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: largest difference {largest:g3} (tolerance {golden.Tolerance:g3})");
        Assert.InRange(largest, 0, golden.Tolerance);
        Assert.Equal(golden.Greedy, Greedy(tiny, golden.Prompt, golden.Greedy.Length));
    }

    [Fact]
    public void Every_fixture_of_the_folder_is_among_them() => TinyGolden.RequireAllNamed();

    private static int[] Greedy(TinyModel tiny, int[] prompt, int count)
    {
        List<int> tokens = [LedgerModel.Best(tiny.Run(0, prompt)[^1])];
        while (tokens.Count < count)
            tokens.Add(LedgerModel.Best(tiny.Run(prompt.Length + tokens.Count - 1, tokens[^1])[0]));
        return [.. tokens];
    }
}
