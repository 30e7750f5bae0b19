using System.Globalization;
using System.Text;
using Tessera.Kernels.Bench;
using Tessera.Tokenizers.Bench;

// dotnet run -c Release --project bench/Tokenizers.Bench -- TOKENIZER.json PRE TEXT …
if (args.Length < 3)
{
    Console.Error.WriteLine("TOKENIZER.json PRE TEXT …: PRE is the name of the pre-tokenizer in a GGUF of the same model");
    return 2;
}
const int Rounds = 4, Repeats = 5;
Console.WriteLine($"{Machine.Processor}, {Environment.ProcessorCount} logical processors, .NET {Environment.Version}");
Console.WriteLine($"one thread; MB per second of the processor's time, best of {Rounds} rounds in turn of {Repeats} repeats");
(string Name, ITokenizer Tokenizer)[] ours = [.. Vocabulary.Read(args[0], args[1])];
foreach (string file in args.Skip(2))
{
    string text = File.ReadAllText(file);
    double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
    double[] best = [.. ours.Select(_ => double.MaxValue)];
    double peer = double.MaxValue;
    int[] expected = [];
    List<int> ids = [];
    List<string> notes = [];
    for (int round = 0; round < Rounds; round++)
    {
        if (Peer.Measure(args[0], file, Repeats) is { } measured)
            (peer, expected) = (Math.Min(peer, measured.Seconds), measured.Ids);
        for (int i = 0; i < ours.Length; i++)
        {
            // The first repeat warms up.
            for (int repeat = 0; repeat <= Repeats; repeat++)
            {
                ids.Clear();
                TimeSpan start = Environment.CpuUsage.UserTime;
                ours[i].Tokenizer.Encode(text, new EncodeOptions { ParseSpecial = true }, ids);
                if (repeat > 0)
                    best[i] = Math.Min(best[i], (Environment.CpuUsage.UserTime - start).TotalSeconds);
            }
            if (round == 0 && expected.Length > 0)
                notes.Add($"{ours[i].Name}: {(ids.SequenceEqual(expected) ? "the same ids" : $"{ids.Count} ids, the peer {expected.Length}")}");
        }
    }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)} ({megabytes:F2} MB): Rust tokenizers {(peer < double.MaxValue ? $"{megabytes / peer:F1}" : "-")}; {string.Join("; ", notes)}"));
    for (int i = 0; i < ours.Length; i++)
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {ours[i].Name} {megabytes / best[i]:F1}{(peer < double.MaxValue ? $", {peer / best[i]:F1} times the peer" : "")}; {megabytes / First(i, text):F1} the first time"));
}
return 0;

// By a tokenizer that has seen no word yet: the best of some new ones.
double First(int i, string text) => Enumerable.Range(0, Rounds).Min(_ =>
{
    ITokenizer fresh = Vocabulary.Read(args[0], args[1]).ElementAt(i).Tokenizer;
    List<int> ids = [];
    TimeSpan start = Environment.CpuUsage.UserTime;
    fresh.Encode(text, new EncodeOptions { ParseSpecial = true }, ids);
    return (Environment.CpuUsage.UserTime - start).TotalSeconds;
});
