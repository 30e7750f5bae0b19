using System.Diagnostics;
using System.Globalization;
using Tessera.Bench;
using Tessera.Engine.Sampling;
using Tessera.Host.Models;
using Tessera.Kernels.Bench;
using Tessera.Model.Bench;
using Tessera.Serving.Bench;

// dotnet run -c Release --project bench/Serving.Bench -- MODEL [STREAMS=16] [TOKENS=128] [ROUNDS=5]
// What serving costs beside computing: tokens per second of streams over REST, and of the same steps on the runtime alone, in turn. Both draw the best token, which is no part of serving.
if (args.Length is 0 or > 4)
{
    Console.Error.WriteLine("usage: Serving.Bench MODEL [STREAMS=16] [TOKENS=128] [ROUNDS=5]");
    return 2;
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int count = args.Length > 1 ? int.Parse(args[1]) : 16, tokens = args.Length > 2 ? int.Parse(args[2]) : 128, rounds = args.Length > 3 ? int.Parse(args[3]) : 5;
const int Prompt = 64, Warm = 8;
string file = Path.GetFullPath(args[0]);
await using RestStreams server = await RestStreams.StartAsync(file);
await using HostedModel model = new(file);
Console.WriteLine($"# {Machine.Processor}, {model.Threads} threads, .NET {Environment.Version}; {Path.GetFileName(file)}, {count} streams of {tokens} tokens");
IReadOnlyList<int[]> prompts = Prompts();
List<Served> overRest = [];
List<double> alone = [];
for (int round = 0; round <= rounds; round++)
{
    Served served = server.Decode(prompts, tokens, Warm, $"{round}");
    double plain = Alone();
    // The first round warms up.
    if (round == 0)
        continue;
    overRest.Add(served);
    alone.Add(plain);
    Console.WriteLine($"round {round}: {served.Rate:F1} over REST, {plain:F1} alone = {served.Rate / plain:F3}; per token, outside of the steps, the server takes {served.Delivery * 1e6:F0} µs of the processors in {served.Turns:F1} turns, the client {served.Client * 1e6:F0} µs");
}
double rest = Median(overRest.Select(r => r.Rate)), whole = Median(alone);
Console.WriteLine($"medians: {rest:F1} over REST, {whole:F1} alone: serving and its client take {1 - rest / whole:P1} of a step (goal 2 %)");
Console.WriteLine($"of the time of one processor, detokenizer and HTTP take {Median(overRest.Select(r => r.Delivery * r.Rate)):P2}, the client {Median(overRest.Select(r => r.Client * r.Rate)):P2}");
return 0;

// The runtime is made anew each time: the other process has the memory's bandwidth to itself while this one waits, and has to be let.
double Alone()
{
    BuiltRuntime built = model.Build(ActivationPrecision.Fast, Prompt + tokens + 2);
    using IModelRuntime runtime = built.Runtime;
    using Streams streams = new(built);
    for (int slot = 0; slot < count; slot++)
        streams.Prefill(slot, Prompt);
    Step(Warm);
    long start = Stopwatch.GetTimestamp();
    Step(tokens - 2 * Warm);
    return (tokens - 2 * Warm) * count / Stopwatch.GetElapsedTime(start).TotalSeconds;

    void Step(int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            streams.Decode(count, 1);
            for (int slot = 0; slot < count; slot++)
                if (Best(runtime, slot, built.Graph.VocabularySize) < 0)
                    throw new InvalidOperationException("the logits are not numbers");
        }
    }
}

IReadOnlyList<int[]> Prompts()
{
    BuiltRuntime built = model.Build(ActivationPrecision.Fast, Prompt);
    built.Runtime.Dispose();
    return [.. Enumerable.Range(0, count).Select(slot => Enumerable.Range(0, Prompt).Select(index => Streams.Token(index, slot, built.Graph.VocabularySize)).ToArray())];
}

static unsafe int Best(IModelRuntime runtime, int output, int vocabulary) => LogitScan.Argmax(new(runtime.Logits(output), vocabulary));

static double Median(IEnumerable<double> values)
{
    double[] sorted = [.. values.Order()];
    return sorted[sorted.Length / 2];
}
