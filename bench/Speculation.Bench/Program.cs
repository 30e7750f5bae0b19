using System.Globalization;
using Tessera.Bench;
using Tessera.Kernels.Bench;
using Tessera.Speculation.Bench;

// dotnet run -c Release --project bench/Speculation.Bench -- MODEL [SHAPE …] [rounds=5] [threads=2] [tokens=300] [shapeTokens=64] [maxDraft=N] [peer=FOLDER_OF_LLAMA_SERVER]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string[] files = [.. args.Where(a => !a.Contains('='))];
if (files.Length == 0)
{
    Console.Error.WriteLine("usage: Speculation.Bench MODEL [SHAPE …] [rounds=N] [threads=N] [tokens=N] [shapeTokens=N] [maxDraft=N] [peer=FOLDER]");
    return 2;
}
const int Context = 2048, ShapeContext = 512;
const string Theory = "recorded continuation, acceptance 0.8; goal 85 % of theory";
int rounds = Number("rounds", 5), threads = Number("threads", Environment.ProcessorCount), tokens = Number("tokens", 300), shapeTokens = Number("shapeTokens", 64);
Console.WriteLine($"# {Machine.Processor}, {threads} threads, .NET {Environment.Version}; medians of {rounds} rounds in turn, decode only{Load()}");

string path = Path.GetFullPath(files[0]);
int[] edit, quote;
await using (HostedModel model = new(path, threads, Option("maxDraft") is { } most ? (Cases.Plugin, "maxDraft", most) : null))
{
    Console.WriteLine($"\n{Path.GetFileName(path)}\n\n{Table.Head}");
    Cases cases = new(model, Context, rounds);
    (edit, quote) = (cases.Prompt(Texts.EditTask, Texts.Code, Texts.EditAnswer), cases.Prompt(Texts.QuoteTask, Texts.Report, Texts.QuoteAnswer));
    int[] story = cases.Prompt(Texts.PlainTask, ""), recorded = await cases.RecordAsync(story, tokens);
    await cases.ProductAsync(Texts.EditName, [edit], tokens, 1.6);
    await cases.ProductAsync(Texts.QuoteName, [quote], tokens, 1.6);
    await cases.ProductAsync($"prediction of {tokens} tokens, each 25th another", [story], tokens, 2, [.. recorded.Select((t, i) => i % 25 == 24 ? Math.Abs(t - 1) : t)]);
    await cases.ChanceAsync(Theory, 0.8, story, recorded);
    await cases.ChanceAsync("nothing accepted", 0, story, recorded, 0.97);
    await cases.ProductAsync("16 streams", [.. Enumerable.Range(0, 16).Select(i => cases.Prompt(Texts.PlainTask, $"Chapter {i + 1}."))], Math.Min(tokens, 128), 0.97);
    await CurveAsync(model);
}
if (Option("peer") is { } peer)
{
    Console.WriteLine($"\nllama-server of {Path.GetFileName(Path.TrimEndingDirectorySeparator(peer))}, {Path.GetFileName(path)}\n\n{Table.Head}");
    await PeerCases.RunAsync(peer, path, threads, Context, rounds, [(Texts.EditName, edit), (Texts.QuoteName, quote)], tokens);
}
foreach (string file in files.Skip(1))
{
    await using HostedModel model = new(Path.GetFullPath(file), threads);
    Console.WriteLine($"\n{Path.GetFileName(file)}\n\n{Table.Head}");
    Cases cases = new(model, ShapeContext, rounds);
    int[] prompt = [.. Enumerable.Range(0, 32).Select(i => 1000 + 37 * i)];
    await cases.ChanceAsync(Theory, 0.8, prompt, await cases.RecordAsync(prompt, shapeTokens));
    await CurveAsync(model);
}
return 0;

// What a step of one sequence takes, by its rows.
async Task CurveAsync(HostedModel model)
{
    await using Runs runs = new(model.Compose(Cases.Plugin, ShapeContext));
    double[] steps = runs.Engine.Speculation!.StepMilliseconds;
    Console.WriteLine($"\nstep of 1 … {steps.Length} rows, ms: {string.Join(' ', steps.Select(s => s.ToString("F2", CultureInfo.InvariantCulture)))}; 5 rows over 1: {steps[4] / steps[0]:F2} (goal for 8b Q4_K_M: ≤ 1.35)");
}

static string Load()
{
    const string File = "/proc/loadavg";
    return System.IO.File.Exists(File) ? $"; load {System.IO.File.ReadAllText(File).Split(' ')[0]}" : "";
}

string? Option(string name) => args.FirstOrDefault(a => a.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

int Number(string name, int fallback) =>
    Option(name) is not { } value ? fallback : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : throw new TesseraException($"{name}: expected a number above 0, found '{value}'");
