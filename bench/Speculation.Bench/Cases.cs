using System.Text.Json.Nodes;
using Tessera.Bench;
using Tessera.Engine;
using Tessera.Engine.ChatTemplates;

namespace Tessera.Speculation.Bench;

/// <summary>The cases: each one the same engine with and without drafts, in turn, on the same prompts; outputs must be equal.</summary>
internal sealed class Cases(HostedModel model, int context, int rounds)
{
    /// <summary>The plugin that drafts.</summary>
    public const string Plugin = "spec.decoding";

    /// <summary>A request about a text, and the answer's beginning where the model is to go on with it.</summary>
    public int[] Prompt(string task, string text, string answer = "")
    {
        using Composition composition = model.Compose(null, context);
        string content = $"{task}\n\n{text}";
        List<int> ids = [];
        if (composition.Source.ChatTemplate is { } template)
            ids = PromptEncoder.Encode(composition.Tokenizer, ChatPrompt.Render(ChatTemplate.Parse(template), new ChatTemplateInput
            {
                Messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content }),
                AddGenerationPrompt = true,
            }, escapeSpecialTokens: false, []));
        else
            composition.Tokenizer.Encode(content, new EncodeOptions { AddSpecial = true }, ids);
        if (answer.Length > 0)
            composition.Tokenizer.Encode(answer, new EncodeOptions(), ids);
        return [.. ids];
    }

    /// <summary>What plain decoding says.</summary>
    public async Task<int[]> RecordAsync(int[] prompt, int tokens)
    {
        await using Runs plain = new(model.Compose(null, context));
        return plain.Run([prompt], tokens).Outputs[0];
    }

    /// <summary>The product's strategy, all of its sources.</summary>
    public Task ProductAsync(string name, int[][] prompts, int tokens, double goal, int[]? prediction = null) =>
        CompareAsync(name, model.Compose(Plugin, context), prompts, tokens, prediction, _ => goal);

    /// <summary>A source of known acceptance.</summary>
    /// <param name="name">The case.</param>
    /// <param name="acceptance">The chance of a token to be right.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="recorded">What plain decoding said to it.</param>
    /// <param name="goal">The goal; null: 85 % of the best speed-up that these drafts allow with the measured steps.</param>
    public Task ChanceAsync(string name, double acceptance, int[] prompt, int[] recorded, double? goal = null)
    {
        Chance source = new(recorded, acceptance);
        return CompareAsync(name, WithStrategy(model.Compose(null, context), source), [prompt], recorded.Length, null, steps => goal ?? 0.85 * source.Theory(steps));
    }

    private async Task CompareAsync(string name, Composition drafting, int[][] prompts, int tokens, int[]? prediction, Func<double[], double> goal)
    {
        await using Runs plain = new(model.Compose(null, context)), spec = new(drafting);
        List<double> without = [], with = [];
        // The first round of each is not counted: caches and code are cold.
        for (int round = 0; round <= rounds; round++)
        {
            // With a salt of its own a round knows nothing of the outputs of those before, which are the same.
            string salt = $"round {round}";
            (int[][] expected, double slow) = plain.Run(prompts, tokens, null, salt);
            (int[][] found, double fast) = spec.Run(prompts, tokens, prediction, salt);
            if (!expected.Zip(found).All(p => p.First.SequenceEqual(p.Second)))
                throw new TesseraException($"{name}: drafts changed the output");
            if (round == 0)
                continue;
            without.Add(slow);
            with.Add(fast);
        }
        if (spec.Engine.Speculation is { Faults: > 0 } report)
            throw new TesseraException($"{name}: the strategy has lost {report.Faults} turns: {report.Problem}");
        Table.Row(name, prompts.Length * (tokens - 1), without, with, goal(Steps()), spec.Drafts);

        // An engine that drafts hardly ever takes a plain step: what one takes is known from the other engine.
        double[] Steps() => [1000 * Table.Median(without) / (tokens - 1), .. spec.Engine.Speculation!.StepMilliseconds[1..]];
    }

    private static Composition WithStrategy(Composition composition, IDecodingStrategy strategy) => new(composition.Leases)
    {
        Name = composition.Name,
        Source = composition.Source,
        Graph = composition.Graph,
        Runtime = composition.Runtime,
        Limits = composition.Limits,
        PlannedContext = composition.PlannedContext,
        Tokenizer = composition.Tokenizer,
        Strategy = strategy,
    };
}
