namespace Tessera.Kernels.Bench;

/// <summary>What the numbers were measured on.</summary>
internal static class Machine
{
    public static string Processor
    {
        get
        {
            const string file = "/proc/cpuinfo";
            string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal)) : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown processor";
        }
    }
}
