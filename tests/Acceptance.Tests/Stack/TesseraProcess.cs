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
        (int code, string output, string errors) = await EndAsync(input, arguments);
        Assert.True(code == 0, $"tessera {string.Join(' ', arguments)}: exit code {code}\n{errors}");
        return (output, errors);
    }

    /// <summary>Exit code, standard output and standard error of one run.</summary>
    public static async Task<(int Code, string Output, string Errors)> EndAsync(string? input, params string[] arguments)
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
            return (process.ExitCode, await output, await errors);
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
