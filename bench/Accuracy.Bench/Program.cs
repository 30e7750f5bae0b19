using System.Globalization;
using Tessera.Accuracy.Bench;
using Tessera.Kernels.Bench;

// dotnet run -c Release --project bench/Accuracy.Bench -- MODEL [TEXTFILE] [kv=f16|bf16|q8|f32]
KvType? kv = null;
if (args.Length > 1 && args[^1].StartsWith("kv=", StringComparison.Ordinal) && Enum.TryParse(args[^1][3..], ignoreCase: true, out KvType type))
    (kv, args) = (type, args[..^1]);
if (args.Length is 0 or > 2)
{
    Console.Error.WriteLine("usage: Accuracy.Bench MODEL [TEXTFILE] [kv=f16|bf16|q8|f32]");
    return 2;
}
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
await using Paths paths = new(Path.GetFullPath(args[0]), kv);
Console.WriteLine($"{Machine.Processor}, {Environment.ProcessorCount} logical processors, .NET {Environment.Version}");
int[] ids = paths.Encode(args.Length == 2 ? File.ReadAllText(args[1]) : FixedText.Read());
Measured measured = paths.Measure(ids);
Console.WriteLine($"{Path.GetFileName(args[0])}, {ids.Length} tokens of {(args.Length == 2 ? Path.GetFileName(args[1]) : "the fixed text")}{(kv is null ? "" : $", KV {kv}")}");
Console.WriteLine($"perplexity       float32 {Math.Exp(measured.ReferenceNll):F4}   product {Math.Exp(measured.ProductNll):F4}");
Console.WriteLine($"perplexity moves by {(Math.Exp(measured.ProductNll - measured.ReferenceNll) - 1) * 100:+0.000;-0.000} %, standard error {measured.Error * 100:F3} %");
Console.WriteLine($"mean nll         float32 {measured.ReferenceNll:F5}  product {measured.ProductNll:F5}");
Console.WriteLine($"product from float32: mean |d log-probability| of the text's tokens {measured.Distance:F4}; KL divergence mean {measured.Divergence:F5}, largest {measured.LargestDivergence:F4}; same best token {measured.SameBest:P1}");
return 0;
