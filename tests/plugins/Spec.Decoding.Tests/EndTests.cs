using System.Text;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;

namespace Tessera.Spec.Decoding.Tests;

/// <summary>What ends a sequence inside a run of draft tokens that are all right ends it there, and what was computed beyond is given back in the same step.</summary>
public sealed class EndTests
{
    private const int Most = 60, BlockTokens = 16, Window = 6;

    /// <summary>End tokens are as likely as others.</summary>
    private static readonly LedgerModel Model = SpecEngine.Ledger(), Near = SpecEngine.Ledger(Window);

    [Theory]
    [InlineData("prediction"), InlineData("draft"), InlineData("suffix"), InlineData("lookup")]
    public void A_stop_string_ends_it(string source)
    {
        // Two printable bytes in the middle of the first draft, and nowhere before.
        (int[] prompt, int[] greedy, int at) = Find(source, g => Enumerable.Range(4, 4).FirstOrDefault(i => IsText(g[i]) && IsText(g[i + 1]) && !Holds(g[..(i + 1)], g[i], g[i + 1])));
        string stop = Encoding.ASCII.GetString([(byte)greedy[at], (byte)greedy[at + 1]]);
        using SpecEngine engine = Engine(source, prompt, greedy);
        GenerationStream stream = Run(engine, new GenerationRequest { Prompt = prompt, MaxTokens = Most, Sampling = SpecEngine.Greedy, Stop = [stop], IgnoreEndTokens = true, Prediction = greedy });
        Assert.Equal(greedy[..(at + 2)], SpecEngine.Read(stream));
        AssertEndedInside(engine, stream, FinishReason.StopString);
    }

    [Theory]
    [InlineData("prediction"), InlineData("draft"), InlineData("suffix"), InlineData("lookup")]
    public void An_end_token_ends_it(string source)
    {
        (int[] prompt, int[] greedy, int at) = Find(source, g => Enumerable.Range(4, 4).FirstOrDefault(i => IsEnd(g[i]) && !g[..i].Any(IsEnd)));
        using SpecEngine engine = Engine(source, prompt, greedy);
        GenerationStream stream = Run(engine, new GenerationRequest { Prompt = prompt, MaxTokens = Most, Sampling = SpecEngine.Greedy, Prediction = greedy });
        Assert.Equal(greedy[..(at + 1)], SpecEngine.Read(stream));
        AssertEndedInside(engine, stream, FinishReason.EndToken);
    }

    [Theory]
    [InlineData("prediction"), InlineData("draft"), InlineData("suffix"), InlineData("lookup")]
    public void The_token_limit_ends_it_and_nothing_is_drafted_beyond(string source)
    {
        (int[] prompt, int[] greedy, _) = Find(source, _ => 1);
        for (int most = 2; most < 16; most++)
        {
            using SpecEngine engine = Engine(source, prompt, greedy);
            GenerationStream stream = Run(engine, new GenerationRequest { Prompt = prompt, MaxTokens = most, Sampling = SpecEngine.Greedy, IgnoreEndTokens = true, Prediction = greedy });
            Assert.Equal(greedy[..most], SpecEngine.Read(stream));
            Assert.Equal((FinishReason.Length, stream.DraftedTokens), (stream.FinishReason, stream.AcceptedTokens));
            Assert.InRange(stream.DraftedTokens, 0, most - 2);
            engine.AssertClean();
        }
    }

    [Theory]
    [InlineData("prediction"), InlineData("draft"), InlineData("suffix"), InlineData("lookup")]
    public void An_end_token_that_may_not_come_yet_is_rejected_and_the_sequence_goes_on(string source)
    {
        (int[] prompt, int[] greedy, int at) = Find(source, g => Enumerable.Range(4, 4).FirstOrDefault(i => IsEnd(g[i]) && !g[..i].Any(IsEnd)));
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = Most, MinTokens = at + 5, Sampling = SpecEngine.Greedy, Prediction = greedy };
        using SpecEngine plain = new(null, ModelOf(source)), engine = Engine(source, prompt, greedy);
        int[] expected = SpecEngine.Read(Run(plain, request));
        GenerationStream stream = Run(engine, request);
        Assert.Equal(expected, SpecEngine.Read(stream));
        Assert.Equal(greedy[..at], expected[..at]);
        Assert.NotEqual(greedy[at], expected[at]);
        Assert.True(expected.Length > at + 5);
        Assert.True(stream.AcceptedTokens < stream.DraftedTokens, $"{stream.AcceptedTokens} of {stream.DraftedTokens}");
        engine.AssertClean();
    }

    [Fact]
    public void Rows_of_rejected_tokens_are_given_back_in_the_same_step()
    {
        (int[] prompt, int[] greedy, _) = Find("prediction", _ => 1);
        using SpecEngine engine = new(new SpecOptions { Sources = ["prediction"], MaxDraft = 32 }, Model);
        int[] prediction = [.. greedy.Select((t, i) => i % 6 == 5 ? t ^ 1 : t)];
        GenerationStream stream = engine.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Most, Sampling = SpecEngine.Greedy, IgnoreEndTokens = true, Prediction = prediction })[0];
        int beyond = 0;
        for (int drafted = 0; engine.Engine.Step() && stream.Unread < Most; drafted = stream.DraftedTokens)
        {
            // All tokens but the last are computed.
            int computed = prompt.Length + stream.Unread - 1, rows = stream.DraftedTokens - drafted;
            Assert.Equal((computed + BlockTokens - 1) / BlockTokens, engine.Engine.Load.BlocksUsed);
            beyond += rows > BlockTokens ? 1 : 0;
        }
        Assert.True(beyond > 2, "no draft went beyond a block");
        Assert.Equal(greedy, SpecEngine.Read(stream));
        engine.Run();
        engine.AssertClean();
    }

    /// <summary>An engine whose source knows the whole output, beyond its end too.</summary>
    private static SpecEngine Engine(string source, int[] prompt, int[] greedy)
    {
        SpecEngine engine = new(new SpecOptions { Sources = [source], MaxDraft = 12 }, ModelOf(source), source == "draft" ? SpecEngine.Ledger() : null);
        if (source == "suffix")
            Assert.Equal(greedy, SpecEngine.Read(Run(engine, new GenerationRequest { Prompt = prompt, MaxTokens = Most, Sampling = SpecEngine.Greedy, IgnoreEndTokens = true })));
        return engine;
    }

    private static GenerationStream Run(SpecEngine engine, GenerationRequest request)
    {
        GenerationStream stream = engine.Engine.Submit(request)[0];
        engine.Run();
        return stream;
    }

    /// <summary>More was drafted than came out, and nothing of what was judged was wrong.</summary>
    private static void AssertEndedInside(SpecEngine engine, GenerationStream stream, FinishReason reason)
    {
        Assert.Equal(reason, stream.FinishReason);
        Assert.True(stream.AcceptedTokens > 2 && stream.AcceptedTokens < stream.DraftedTokens, $"{stream.AcceptedTokens} of {stream.DraftedTokens}");
        engine.AssertClean();
    }

    /// <summary>What a lookup finds an output in is part of the prompt: its model sees the prompt's end only.</summary>
    private static LedgerModel ModelOf(string source) => source == "lookup" ? Near : Model;

    /// <summary>A prompt whose greedy output has what is looked for, and where.</summary>
    private static (int[] Prompt, int[] Greedy, int At) Find(string source, Func<int[], int> place)
    {
        for (int i = 0; ; i++)
        {
            int[] prompt = [1, 2, 3, 4, i & 255, i >> 8];
            if (source == "lookup")
            {
                int[] blank = new int[Window + Most + Window];
                prompt = [.. prompt, .. Near.Greedy([.. blank, .. prompt], Most), .. blank[..Window], .. prompt];
            }
            int[] greedy = ModelOf(source).Greedy(prompt, Most);
            if (place(greedy) is > 0 and int at)
                return (prompt, greedy, at);
        }
    }

    private static bool IsText(int token) => token is > 32 and < 127;

    private static bool IsEnd(int token) => token is ByteTokenizer.Eos or ByteTokenizer.Eot;

    private static bool Holds(int[] tokens, int first, int second) => Enumerable.Range(0, tokens.Length - 1).Any(i => tokens[i] == first && tokens[i + 1] == second);
}
