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
List<Round> all = [];
for (int round = 0; round <= rounds; round++)
{
    Served served = server.Decode(prompts, tokens, Warm, $"{round}");
    Round one = new(served, Alone(), model.Threads);
    // The first round warms up.
    if (round == 0)
        continue;
    all.Add(one);
    Console.WriteLine($"round {round}: {served.Rate:F1} over REST, {one.Alone.Rate:F1} alone = {served.Rate / one.Alone.Rate:F3}; a step computes for {served.Steps.Computing / served.Steps.Steps * 1e3:F2} ms, alone for {one.Alone.Computing * 1e3:F2}, with {served.Steps.Drafted / served.Steps.Steps:F2} drafts; "
        + $"per token, outside of the steps, the server takes {served.Delivery * 1e6:F0} µs of the processors in {served.Turns:F1} turns, its compiler {served.Compiler * 1e6:F0} µs, the client {served.Client * 1e6:F0} µs");
}
Console.WriteLine($"medians: {Median(r => r.Served.Rate):F1} over REST, {Median(r => r.Alone.Rate):F1} alone, ratio {Median(r => r.Served.Rate / r.Alone.Rate):F3}");
Console.WriteLine($"of a step, all threads: the scheduler {Median(r => r.Scheduler):P2}, detokenizer and HTTP {Median(r => r.Delivery):P2}, together {Median(r => r.Scheduler + r.Delivery):P2} (goal 2 %); beside them drawing {Median(r => r.Drawing):P2}, the client {Median(r => r.Client):P2}, the compiler {Median(r => r.Compiler):P2}; "
    + $"the scheduler by the clock {Median(r => r.SchedulerByClock):P2}, with it and the compiler together {Median(r => r.SchedulerByClock + r.Delivery + r.Compiler):P2}");
return 0;

// The runtime is made anew each time: the other process has the memory's bandwidth to itself while this one waits, and has to be let.
Plain Alone()
{
    BuiltRuntime built = model.Build(ActivationPrecision.Fast, Prompt + tokens + 2);
    using IModelRuntime runtime = built.Runtime;
    using Streams streams = new(built);
    for (int slot = 0; slot < count; slot++)
        streams.Prefill(slot, Prompt);
    Step(Warm);
    long start = Stopwatch.GetTimestamp();
    int steps = tokens - 2 * Warm;
    double drawing = Step(steps), whole = Stopwatch.GetElapsedTime(start).TotalSeconds;
    return new Plain(steps * count / whole, (whole - drawing) / steps, drawing / steps);

    double Step(int steps)
    {
        double drawing = 0;
        for (int step = 0; step < steps; step++)
        {
            streams.Decode(count, 1);
            long computed = Stopwatch.GetTimestamp();
            for (int slot = 0; slot < count; slot++)
                if (Best(runtime, slot, built.Graph.VocabularySize) < 0)
                    throw new InvalidOperationException("the logits are not numbers");
            drawing += Stopwatch.GetElapsedTime(computed).TotalSeconds;
        }
        return drawing;
    }
}

IReadOnlyList<int[]> Prompts()
{
    BuiltRuntime built = model.Build(ActivationPrecision.Fast, Prompt);
    built.Runtime.Dispose();
    return [.. Enumerable.Range(0, count).Select(slot => Enumerable.Range(0, Prompt).Select(index => Streams.Token(index, slot, built.Graph.VocabularySize)).ToArray())];
}

static unsafe int Best(IModelRuntime runtime, int output, int vocabulary) => LogitScan.Argmax(new(runtime.Logits(output), vocabulary));

double Median(Func<Round, double> value)
{
    double[] sorted = [.. all.Select(value).Order()];
    return sorted[sorted.Length / 2];
}
