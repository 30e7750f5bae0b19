using System.Diagnostics;
using System.Globalization;
using Tessera.Bench;
using Tessera.Host.Models;
using Tessera.Kernels.Bench;
using Tessera.Model.Bench;
using Tessera.Serving.Bench;

// dotnet run -c Release --project bench/Serving.Bench -- MODEL [STREAMS=16] [TOKENS=128] [ROUNDS=5]
// What serving costs beside computing: tokens per second of streams over REST, and of the same steps on the runtime alone, in turn. The client shares the processors: its own time is printed beside.
if (args.Length is 0 or > 4)
{
    Console.Error.WriteLine("usage: Serving.Bench MODEL [STREAMS=16] [TOKENS=128] [ROUNDS=5]");
    return 2;
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int count = args.Length > 1 ? int.Parse(args[1]) : 16, tokens = args.Length > 2 ? int.Parse(args[2]) : 128, rounds = args.Length > 3 ? int.Parse(args[3]) : 5;
const int Prompt = 64, Warm = 8;
string file = Path.GetFullPath(args[0]);
await using RestStreams served = await RestStreams.StartAsync(file);
await using HostedModel model = new(file);
Console.WriteLine($"# {Machine.Processor}, {model.Threads} threads, .NET {Environment.Version}; {Path.GetFileName(file)}, {count} streams of {tokens} tokens");
List<double> overRest = [], alone = [], asking = [];
for (int round = 0; round <= rounds; round++)
{
    (double rest, double client) = await served.DecodeAsync(count, Prompt, tokens, Warm, round);
    double plain = Alone();
    // The first round warms up.
    if (round == 0)
        continue;
    overRest.Add(rest);
    alone.Add(plain);
    asking.Add(client);
    Console.WriteLine($"round {round}: {rest:F1} over REST, {plain:F1} alone = {rest / plain:F3}; the client's processor time is {client:P1} of the wall time");
}
overRest.Sort();
alone.Sort();
asking.Sort();
double median = overRest[rounds / 2], whole = alone[rounds / 2];
Console.WriteLine($"medians: {median:F1} over REST, {whole:F1} alone: serving takes {1 - median / whole:P1} of a step (goal 2 %), the client's processor time, {asking[rounds / 2]:P1} of the wall time, included");
return 0;

// The runtime is made anew each time: the other process has the memory's bandwidth to itself while this one waits, and has to be let.
double Alone()
{
    BuiltRuntime built = model.Build(ActivationPrecision.Fast, Prompt + tokens + 2);
    using IModelRuntime runtime = built.Runtime;
    using Streams streams = new(built);
    for (int slot = 0; slot < count; slot++)
        streams.Prefill(slot, Prompt);
    streams.Decode(count, Warm);
    long start = Stopwatch.GetTimestamp();
    streams.Decode(count, tokens - 2 * Warm);
    return (tokens - 2 * Warm) * count / Stopwatch.GetElapsedTime(start).TotalSeconds;
}
