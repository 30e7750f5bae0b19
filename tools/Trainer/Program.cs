// Makes the corpus, trains its tokenizer and both demo models, and writes them. A run that was stopped goes on where it was.
// usage: dotnet run -c Release --project tools/Trainer [-- --out FOLDER] [--work FOLDER] [--steps N] [--draft-steps N] | --check | --corpus N
using System.Diagnostics;
using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Output;
using Tessera.Trainer.Tokenizers;
using Tessera.Trainer.Training;

if (args is ["--check"])
{
    double worst = GradientCheck.Worst();
    Console.WriteLine($"the worst relative difference is {worst:G3}");
    return worst < 0.02 ? 0 : 1;
}
if (args is ["--corpus", string number])
{
    foreach (Conversation shown in CorpusGenerator.Generate(count: int.Parse(number)))
        Console.WriteLine(string.Join("\n", shown.Turns.Select(t => $"> {t.User}\n{t.Assistant}").Prepend(shown.System is null ? "---" : $"--- {shown.System}")));
    return 0;
}
Dictionary<string, string> options = new() { ["--out"] = "models/demo", ["--work"] = "artifacts/trainer", ["--steps"] = "5200", ["--draft-steps"] = "600" };
for (int i = 0; i < args.Length; i += 2)
    if (i + 1 < args.Length && options.ContainsKey(args[i]))
        options[args[i]] = args[i + 1];
    else
    {
        Console.Error.WriteLine($"unknown option {args[i]}; there are {string.Join(", ", options.Keys)}, each with a value");
        return 2;
    }
int steps = int.Parse(options["--steps"]), draftSteps = int.Parse(options["--draft-steps"]);
string work = options["--work"];

Stopwatch clock = Stopwatch.StartNew();
Conversation[] corpus = [.. CorpusGenerator.Generate()];
Vocabulary vocabulary = VocabularyFile.LoadOrMake(Path.Combine(work, "merges.txt"),
    () => BpeTrainer.Train(corpus.SelectMany(c => c.Turns.SelectMany(t => new[] { t.User, t.Assistant }).Append(c.System ?? "")).Concat(["system\n", "user\n", "assistant\n"])));
Encoder encoder = new(vocabulary);
Packs packs = new(corpus, encoder);
Console.WriteLine($"corpus: {packs.Documents} conversations, {packs.TokenCount} tokens; tokenizer: {Vocabulary.Size} tokens; {clock.Elapsed.TotalSeconds:F0} s");

using Weights demo = new(Shape.Demo), draft = new(Shape.Draft);
Plan demoPlan = new(steps, EarlySteps: steps / 2, PacksPerStep: 4, new Peaks(Matrix: 0.02, Embedding: 0.003, Norm: 0.003), Seed: 1, Path.Combine(work, "demo.checkpoint"));
Console.WriteLine($"demo: {demo.Layout.Count} parameters");
double loss = new Run(demo, packs, demoPlan, teacher: null).Train(400, _ => Checks.Ask(demo, encoder));
Console.WriteLine($"demo: loss {loss:F4}, {clock.Elapsed.TotalMinutes:F1} min");

Plan draftPlan = new(draftSteps, EarlySteps: 0, PacksPerStep: 4, new Peaks(Matrix: 0.02, Embedding: 0.004, Norm: 0.004), Seed: 2, Path.Combine(work, "draft.checkpoint"));
Console.WriteLine($"draft: {draft.Layout.Count} parameters");
loss = new Run(draft, packs, draftPlan, teacher: demo).Train(draftSteps, _ => Console.WriteLine($"\ndraft agrees with the demo on {Checks.Agreement(demo, draft, encoder):P1}"));
Console.WriteLine($"draft: loss {loss:F4}, {clock.Elapsed.TotalMinutes:F1} min");
GgufModel.Write(Path.Combine(options["--out"], "demo.gguf"), demo, vocabulary);
GgufModel.Write(Path.Combine(options["--out"], "draft.gguf"), draft, vocabulary);
HuggingFaceFolder.Write(Path.Combine(options["--out"], "hf"), demo, vocabulary);
Console.WriteLine($"wrote {options["--out"]}");
return 0;
