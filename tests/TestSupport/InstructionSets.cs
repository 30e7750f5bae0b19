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

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Runs the tests of the assembly, but for the class that calls this, with one switch at 0. Fails when a test of the child fails, or when it does not end.</summary>
    /// <param name="assembly">The test assembly.</param>
    /// <param name="name">One of <see cref="Switches"/>.</param>
    /// <param name="caller">The class that calls this.</param>
    /// <param name="skipped">Classes, and namespaces (a star at the end stands for anything), whose tests are about more than kernels and would take too long.</param>
    /// <returns>What the child said on standard error.</returns>
    public static string Rerun(Assembly assembly, string name, Type caller, params string[] skipped)
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
        foreach (string one in skipped)
        {
            start.ArgumentList.Add(assembly.GetType(one) is null ? "-namespace-" : "-class-");
            start.ArgumentList.Add(one);
        }
        start.Environment[name] = "0";
        start.Environment[Variable] = name;
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        if (!child.WaitForExit(Patience))
        {
            child.Kill(entireProcessTree: true);
            Assert.Fail($"{name}=0: not done after {Patience}\n{output.Result}");
        }
        Assert.True(child.ExitCode == 0, $"{name}=0: exit code {child.ExitCode}\n{output.Result}\n{errors.Result}");
        Assert.Contains(nameof(AssertSwitchedOff), errors.Result, StringComparison.Ordinal);
        return errors.Result;
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
