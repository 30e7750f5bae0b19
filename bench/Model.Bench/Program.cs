using System.Diagnostics;
using System.Globalization;
using Tessera.Bench;
using Tessera.Host.Models;
using Tessera.Kernels.Bench;
using Tessera.Model.Bench;

// dotnet run -c Release --project bench/Model.Bench -- MODEL [threads=2] [rounds=3] [prompt=512] [generate=64] [depths=0,4096,16384] [streams=16] [rows=5] [kv=f16|bf16|q8|f32] [fusions[=no-features,…]]
if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine("usage: Model.Bench MODEL [threads=N] [rounds=N] [prompt=N] [generate=N] [depths=N,N,…] [streams=N] [rows=N] [kv=f16|bf16|q8|f32] [fusions[=no-features,…]]");
    return 2;
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Console.WriteLine($"# {Machine.Processor}, {options.Threads} threads, .NET {Environment.Version}; {Path.GetFileName(options.Model)}{(options.Kv is null ? "" : $", KV {options.Kv}")}");
if (options.Fusions.Length > 0)
{
    await FusionBench.RunAsync(options);
    return 0;
}
const int StreamPrompt = 128, StreamTokens = 128, FirstPrompt = 16, FirstTokens = 32, RowSteps = 16;
long start = Stopwatch.GetTimestamp();
await using HostedModel model = new(options.Model, options.Threads);
double opened = Stopwatch.GetElapsedTime(start).TotalSeconds;
int context = Math.Max(options.Depths.Max() + options.Rounds * options.Generate, Math.Max(options.Prompt, StreamPrompt + StreamTokens)) + FirstPrompt + FirstTokens + RowSteps * (options.Rows + 1);
BuiltRuntime built = model.Build(ActivationPrecision.Fast, context, options.Kv);
using IModelRuntime runtime = built.Runtime;
Report("load seconds, of it plugins and files", Stopwatch.GetElapsedTime(start).TotalSeconds, opened);
Report("G multiply-adds of a token, the head's apart", built.Graph.Nodes.OfType<LinearNode>().Sum(n => (double)n.Weight.Rows * n.Weight.Columns) / 1e9);
using Streams streams = new(built);
start = Stopwatch.GetTimestamp();
streams.Prefill(0, FirstPrompt);
Report($"first token of {FirstPrompt} seconds, since the process began", Stopwatch.GetElapsedTime(start).TotalSeconds, (TimeProvider.System.GetLocalNow().DateTime - Process.GetCurrentProcess().StartTime).TotalSeconds);
// Beside "decode at 0": whether the first tokens wait for the compiler.
Report($"first {FirstTokens} tokens", Rate(FirstTokens, () => streams.Decode(1, FirstTokens)));
if (options.Prompt > 0)
    Report($"prefill {options.Prompt}", [.. Repeat(() => Rate(options.Prompt, () => Prefill(options.Prompt)))]);
foreach (int depth in options.Generate > 0 ? options.Depths : [])
{
    Prefill(depth);
    Report($"decode {options.Generate} at {depth}", [.. Repeat(() => Rate(options.Generate, () => streams.Decode(1, options.Generate)))]);
}
if (options.Rows > 0)
{
    // As drafts are verified: all rows of one sequence, each with logits; in turn with single rows.
    Prefill(FirstPrompt);
    (double Several, double One)[] seconds = [.. Enumerable.Range(0, RowSteps).Select(_ => (1 / Rate(1, () => streams.Advance(0, options.Rows)), 1 / Rate(1, () => streams.Advance(0, 1))))];
    double several = Median(seconds.Select(s => s.Several)), one = Median(seconds.Select(s => s.One));
    Report($"{options.Rows} rows, ms, of one row, and times as much", several * 1e3, one * 1e3, several / one);
}
if (options.Streams > 0)
{
    for (int slot = 0; slot < options.Streams; slot++)
    {
        streams.Clear(slot);
        streams.Prefill(slot, StreamPrompt);
    }
    Report($"{options.Streams} streams decode {StreamTokens}", [Rate(options.Streams * StreamTokens, () => streams.Decode(options.Streams, StreamTokens))]);
}
Report("peak memory MB, of it not file MB", Memory.Peak / 1e6, Memory.Anonymous / 1e6);
return 0;

void Prefill(int count)
{
    streams.Clear(0);
    streams.Prefill(0, count);
}

// A prompt is not computed again between rounds of decode: a few tokens more behind it change nothing.
IEnumerable<double> Repeat(Func<double> measure) => Enumerable.Range(0, options.Rounds).Select(_ => measure());

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted[sorted.Length / 2];
}

static double Rate(int tokens, Action action)
{
    long from = Stopwatch.GetTimestamp();
    action();
    return tokens / Stopwatch.GetElapsedTime(from).TotalSeconds;
}

static void Report(string what, params double[] values) =>
    Console.WriteLine($"{what}: {string.Join(' ', values.Select(value => value.ToString("F2", CultureInfo.InvariantCulture)))}");
