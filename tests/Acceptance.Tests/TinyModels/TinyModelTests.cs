using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.TinyModels;

/// <summary><c>tessera logits</c> against the recorded logits (../shared/fixtures/tiny-models/README.md).</summary>
public sealed class TinyModelTests
{
    public static TheoryData<string> Names => [.. TinyGolden.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_path_has_the_recorded_logits_and_continuation(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        JsonElement[] answers = await AskAsync(golden, "float32");
        double largest = LargestDifference(golden, answers);
        FixtureCount.Print($"tiny-models/{name}", $"{golden.Sequences.Count} sequences, {golden.Greedy.Length} tokens continued, reference path; {largest:E2} of {golden.Tolerance:E2}");
        Assert.InRange(largest, 0, golden.Tolerance);
        Assert.Equal(golden.Greedy, answers[^1].GetProperty("greedy").EnumerateArray().Select(e => e.GetInt32()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_product_path_is_near_the_recorded_logits(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        double largest = LargestDifference(golden, await AskAsync(golden, "fast"));
        FixtureCount.Print($"tiny-models/{name}", $"{golden.Sequences.Count} sequences, product path; {largest:E2} of {4 * golden.StoredDifference:E2}");
        Assert.InRange(largest, 0, 4 * golden.StoredDifference);
    }

    /// <summary>One line for each sequence, the last one for the greedy continuation.</summary>
    private static Task<JsonElement[]> AskAsync(TinyGolden golden, string activations)
    {
        List<string> lines = [.. golden.Sequences.Select(s => $$"""{"tokens": {{Line(s.Tokens)}}, "positions": {{Line(s.Positions)}}}""")];
        lines.Add($$"""{"tokens": {{Line(golden.Prompt)}}, "positions": [], "greedy": {{golden.Greedy.Length}}}""");
        return TesseraProcess.AskAsync(lines, "logits", golden.ModelPath, "--activations", activations, "--context", $"{golden.ContextLength}");
    }

    private static double LargestDifference(TinyGolden golden, JsonElement[] answers) =>
        golden.LargestDifference([.. answers[..^1].Select(a =>
            a.GetProperty("logits").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToArray())]);

    private static string Line(int[] values) => $"[{string.Join(',', values)}]";
}
