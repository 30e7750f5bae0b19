// Makes the corpus, trains its tokenizer and both demo models, and writes them. A run that was stopped goes on where it was.
// usage: dotnet run -c Release --project tools/Trainer [-- --out FOLDER] [--work FOLDER] [--steps N] [--draft-steps N] | --check | --corpus N
using System.Diagnostics;
using Tessera.Trainer;
using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Output;
using Tessera.Trainer.Tokenizers;
using Tessera.Trainer.Training;

try
{
    switch (args)
    {
        case ["--check"]:
            double worst = GradientCheck.Worst();
            Console.WriteLine($"the worst relative difference is {worst:G3}");
            return worst < 0.02 ? 0 : 1;
        case ["--corpus", string number]:
            foreach (Conversation shown in CorpusGenerator.Generate(count: Options.Count("--corpus", number)))
                Console.WriteLine(string.Join("\n", shown.Turns.Select(t => $"> {t.User}\n{t.Assistant}").Prepend(shown.System is null ? "---" : $"--- {shown.System}")));
            return 0;
        default:
            Make(Options.Parse(args));
            return 0;
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static void Make(Options options)
{
    // An hour of training should not end with files that cannot be written.
    AtomicFile.Try(Path.Combine(options.Out, "hf"));
    AtomicFile.Try(options.Work);
    Stopwatch clock = Stopwatch.StartNew();
    Conversation[] corpus = [.. CorpusGenerator.Generate()];
    Vocabulary vocabulary = VocabularyFile.LoadOrMake(Path.Combine(options.Work, "merges.txt"),
        () => BpeTrainer.Train(corpus.SelectMany(c => c.Turns.SelectMany(t => new[] { t.User, t.Assistant }).Append(c.System ?? "")).Concat(["system\n", "user\n", "assistant\n"])));
    Encoder encoder = new(vocabulary);
    Packs packs = new(corpus, encoder);
    Console.WriteLine($"corpus: {packs.Documents} conversations, {packs.TokenCount} tokens; tokenizer: {Vocabulary.Size} tokens; {clock.Elapsed.TotalSeconds:F0} s");

    using Weights demo = new(Shape.Demo), draft = new(Shape.Draft);
    Plan demoPlan = new(options.Steps, EarlySteps: options.Steps / 2, PacksPerStep: 4, new Peaks(Matrix: 0.02, Embedding: 0.003, Norm: 0.003), Seed: 1, Path.Combine(options.Work, "demo.checkpoint"));
    Console.WriteLine($"demo: {demo.Layout.Count} parameters");
    double loss = new Run(demo, packs, demoPlan, teacher: null).Train(400, _ => Checks.Ask(demo, encoder));
    Console.WriteLine($"demo: loss {loss:F4}, {clock.Elapsed.TotalMinutes:F1} min");

    Plan draftPlan = new(options.DraftSteps, EarlySteps: 0, PacksPerStep: 4, new Peaks(Matrix: 0.02, Embedding: 0.004, Norm: 0.004), Seed: 2, Path.Combine(options.Work, "draft.checkpoint"));
    Console.WriteLine($"draft: {draft.Layout.Count} parameters");
    loss = new Run(draft, packs, draftPlan, teacher: demo).Train(options.DraftSteps, _ => Console.WriteLine($"\ndraft agrees with the demo on {Checks.Agreement(demo, draft, encoder):P1}"));
    Console.WriteLine($"draft: loss {loss:F4}, {clock.Elapsed.TotalMinutes:F1} min");
    GgufModel.Write(Path.Combine(options.Out, "demo.gguf"), demo, vocabulary);
    GgufModel.Write(Path.Combine(options.Out, "draft.gguf"), draft, vocabulary);
    HuggingFaceFolder.Write(Path.Combine(options.Out, "hf"), demo, vocabulary);
    Console.WriteLine($"wrote {options.Out}");
}
