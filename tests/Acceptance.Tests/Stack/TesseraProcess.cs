using System.Diagnostics;
using System.Text.Json;

namespace Tessera.Acceptance.Tests.Stack;

/// <summary>Runs <c>tessera</c> as its users do.</summary>
internal static class TesseraProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Standard output of one run; fails unless it ends with 0.</summary>
    public static async Task<string> RunAsync(string? input, params string[] arguments) => (await OutputsAsync(input, arguments)).Output;

    /// <summary>Standard output and standard error of one run; fails unless it ends with 0.</summary>
    public static async Task<(string Output, string Errors)> OutputsAsync(string? input, params string[] arguments)
    {
        ProcessStartInfo start = new(HostFolder.Executable, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = HostFolder.Path,
        };
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = new(Patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token), errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, $"tessera {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{await errors}");
            return (await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Answers to JSON lines, as many as there were questions.</summary>
    public static async Task<JsonElement[]> AskAsync(IReadOnlyCollection<string> lines, params string[] arguments)
    {
        string output = await RunAsync(string.Join('\n', lines) + '\n', arguments);
        JsonElement[] answers = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l))];
        Assert.Equal(lines.Count, answers.Length);
        foreach (JsonElement answer in answers)
            Assert.False(answer.TryGetProperty("error", out JsonElement error), error.ToString());
        return answers;
    }
}
