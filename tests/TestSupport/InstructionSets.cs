using System.Diagnostics;
using System.Reflection;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Xunit;

namespace Tessera.TestSupport;

/// <summary>Runs a test assembly again in a child process with an instruction set switched off, so that every path of a kernel is tested on one machine.</summary>
public static class InstructionSets
{
    private const string Variable = "TESSERA_TEST_SWITCH";

    /// <summary>The runtime's switches, widest set first.</summary>
    public static string[] Switches { get; } = ["DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic"];

    /// <summary>Runs all tests of the assembly, but for the class that calls this, with one switch at 0. Fails when a test of the child fails.</summary>
    public static void Rerun(Assembly assembly, string name, Type caller)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } outer)
            Assert.Fail($"a child process ({outer}=0) must not start another one");
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (string argument in new[] { "exec", assembly.Location, "-noColor", "-class-", caller.FullName! })
            start.ArgumentList.Add(argument);
        start.Environment[name] = "0";
        start.Environment[Variable] = name;
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"{name}=0: exit code {child.ExitCode}\n{output}\n{errors.Result}");
        Assert.Contains(nameof(AssertSwitchedOff), errors.Result, StringComparison.Ordinal);
    }

    /// <summary>Called by one test of the assembly: in a child process, fails unless the switched-off set is really off, and says that it looked.</summary>
    public static void AssertSwitchedOff()
    {
        switch (Environment.GetEnvironmentVariable(Variable))
        {
            case null:
                return;
            case "DOTNET_EnableAVX512":
                Assert.False(Avx512F.IsSupported);
                break;
            case "DOTNET_EnableAVX2":
                Assert.False(Avx2.IsSupported || Avx512F.IsSupported);
                break;
            case "DOTNET_EnableHWIntrinsic":
                Assert.False(Sse42.IsSupported || Avx2.IsSupported || Vector256.IsHardwareAccelerated);
                break;
            case { } other:
                Assert.Fail($"{Variable}: unknown switch {other}");
                break;
        }
        Console.Error.WriteLine(nameof(AssertSwitchedOff));
    }
}
