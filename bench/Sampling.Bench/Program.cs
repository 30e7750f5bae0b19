using System.Globalization;
using Tessera.Engine.Sampling;
using Tessera.Kernels.Bench;

// dotnet run -c Release --project bench/Sampling.Bench -- [VOCABULARY=128256]
// Microseconds to draw a token from one row of logits, for chains of samplers.
const int Rows = 16, Repeats = 400, Prompt = 1000;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int vocabulary = args.Length > 0 ? int.Parse(args[0]) : 128256;
Console.WriteLine($"# {Machine.Processor}, one thread, .NET {Environment.Version}; {vocabulary} logits, median and best of {Repeats} passes over {Rows} rows");
float[][] rows = [.. Enumerable.Range(0, Rows).Select(seed => Logits(new Random(seed)))];
int[] prompt = [.. Enumerable.Range(0, Prompt).Select(i => i * 97 % vocabulary)];
SamplingBuffers buffers = new(vocabulary);
SamplingOptions usual = new() { Temperature = 0.8f, TopK = 40, TopP = 0.95f, MinP = 0.05f };
foreach ((string name, SamplingOptions options, double goal) in new (string, SamplingOptions, double)[]
{
    ("greedy", new() { Temperature = 0 }, 100),
    ("temperature 0.8", new() { Temperature = 0.8f }, 300),
    ("temperature 0.8, top-k 40, top-p 0.95, min-p 0.05", usual, 300),
    ("temperature 0.8, top-p 0.95", new() { Temperature = 0.8f, TopP = 0.95f }, 300),
    ("the usual, repetition penalty over 1000 tokens", usual with { RepetitionPenalty = 1.1f }, double.NaN),
})
{
    Sampler sampler = new(options, seed: 1, prompt, maxTokens: 100);
    int output = 0, drawn = 0;
    Timing timing = Timing.Measure(() =>
    {
        foreach (float[] row in rows)
            drawn += sampler.Draw(row, output++, buffers) < 0 ? 1 : 0;
    }, Repeats);
    if (drawn > 0)
        throw new InvalidOperationException($"{name}: {drawn} rows gave no token");
    Console.WriteLine($"{name,-52} {timing.Median / Rows * 1e6,7:F1} {timing.Best / Rows * 1e6,7:F1} µs{(double.IsNaN(goal) ? "" : $"  goal {goal}")}");
}
return 0;

// As a model's: most logits in a wide bell, a few far above it.
float[] Logits(Random random)
{
    float[] row = new float[vocabulary];
    for (int i = 0; i < row.Length; i++)
        row[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())) * 2.5f - 4;
    for (int i = 0; i < 30; i++)
        row[random.Next(vocabulary)] = 6 + 6 * random.NextSingle();
    return row;
}
