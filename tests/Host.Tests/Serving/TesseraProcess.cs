using System.Diagnostics;

namespace Tessera.Host.Tests.Serving;

/// <summary>The executable as a child process.</summary>
internal sealed class TesseraProcess : IAsyncDisposable
{
    private readonly Process _process;

    private TesseraProcess(Process process) => (_process, Errors) = (process, process.StandardError.ReadToEndAsync());

    public StreamReader Output => _process.StandardOutput;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>The memory that it has in use, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>All of standard error, once the process has ended.</summary>
    public Task<string> Errors { get; }

    public static TesseraProcess Start(params string[] arguments) => StartWith([], arguments);

    /// <summary>Starts it with variables beside those of this process. Its folder is the executable's: a <c>host.yaml</c> that someone has left elsewhere, in the folder for temporary files say, means nothing to it.</summary>
    public static TesseraProcess StartWith(IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = TestServer.Executable, StandardInputEncoding = new System.Text.UTF8Encoding(false), StandardOutputEncoding = System.Text.Encoding.UTF8 };
        start.ArgumentList.Add(Path.Combine(TestServer.Executable, "tessera.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return new TesseraProcess(Process.Start(start)!);
    }

    /// <summary>Runs it to its end without input.</summary>
    public static Task<Finished> RunAsync(params string[] arguments) => RunWithAsync("", arguments);

    /// <summary>Runs it to its end with an input.</summary>
    public static async Task<Finished> RunWithAsync(string input, params string[] arguments)
    {
        await using TesseraProcess process = Start(arguments);
        Task<string> output = process.Output.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.Input.WriteAsync(input);
            process.Input.Close();
        }
        catch (IOException)
        {
            // It has ended without reading.
        }
        return new(await process.ExitAsync(), await output, await process.Errors);
    }

    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}

/// <summary>What a process left.</summary>
internal sealed record Finished(int Code, string Output, string Error);
