using Tessera.Kernels.Bench;

// dotnet run -c Release --project bench/Kernels.Bench -- [dots|tiles|dequantize|prepare] [type …]
string[] parts = ["dots", "tiles", "dequantize", "prepare"];
string[] chosen = [.. args.Where(parts.Contains)];
string[] types = [.. args.Except(parts)];
Console.WriteLine($"{Machine.Processor}, {Environment.ProcessorCount} logical processors, .NET {Environment.Version}");
Console.WriteLine("one thread; best and median of the repeats");
if (chosen.Length == 0 || chosen.Contains("dots"))
    RowDotBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("tiles"))
    TileBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("dequantize"))
    DequantizeBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("prepare"))
    PrepareBench.Run();
