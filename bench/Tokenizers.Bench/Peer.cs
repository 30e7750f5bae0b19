using System.Diagnostics;
using System.Globalization;

namespace Tessera.Tokenizers.Bench;

/// <summary>The Rust tokenizers in a process of their own.</summary>
internal static class Peer
{
    /// <summary>Seconds of the best repeat and the ids; null where node or its package is missing.</summary>
    public static (double Seconds, int[] Ids)? Measure(string vocabulary, string text, int repeats)
    {
        string ids = Path.GetTempFileName();
        try
        {
            ProcessStartInfo start = new("node") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "rust.mjs"), vocabulary, text, repeats.ToString(CultureInfo.InvariantCulture), ids])
                start.ArgumentList.Add(argument);
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                Console.Error.WriteLine(error.Result.Split('\n').FirstOrDefault(l => l.Contains("Error", StringComparison.Ordinal)));
                return null;
            }
            return (double.Parse(output, CultureInfo.InvariantCulture), [.. File.ReadAllText(ids).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        finally
        {
            File.Delete(ids);
        }
    }
}
