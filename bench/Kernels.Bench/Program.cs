using Tessera.Kernels.Bench;
using Tessera.Kernels.Cpu.RowDots;

// dotnet run -c Release --project bench/Kernels.Bench -- [limits|attention|heads|packed|floats|dots|rows|tiles|dequantize|prepare] [type …]
string[] parts = ["limits", "dots", "rows", "tiles", "dequantize", "prepare", "packed", "floats", "attention", "heads"];
string[] chosen = [.. args.Where(parts.Contains)];
string[] types = [.. args.Except(parts)];
Console.WriteLine($"{Machine.Processor}, {Environment.ProcessorCount} logical processors, .NET {Environment.Version}");
Console.WriteLine("one thread; best and median of the repeats");
if (chosen.Length == 0 || chosen.Contains("limits"))
    LimitsBench.Run();
if (chosen.Length == 0 || chosen.Contains("dots"))
    RowDotBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("rows"))
    RowDotBench.RunRows(types);
if (chosen.Length == 0 || chosen.Contains("tiles"))
    TileBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("dequantize"))
    DequantizeBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("prepare"))
    PrepareBench.Run();
if (chosen.Length == 0 || chosen.Contains("packed"))
    PackedBench.Run(types);
if (chosen.Length == 0 || chosen.Contains("floats"))
    ReadBench.Run();
if (chosen.Length == 0 || chosen.Contains("attention"))
    AttentionBench.Run();
if (chosen.Length == 0 || chosen.Contains("heads"))
{
    AttentionHeadBench.Run(false);
    if (CpuIsa.Detect().Avx512)
        AttentionHeadBench.Run(true);
}
