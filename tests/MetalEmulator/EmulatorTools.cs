using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;

namespace Tessera.MetalEmulator;

/// <summary>The programs that the emulator is built with and compiles kernels with.</summary>
internal sealed partial record EmulatorTools(string Clang, string ClangVersion, string Compiler, string Linker)
{
    private const int OldestClang = 16, NewestClang = 25;

    /// <summary>What is missing on this machine, as a reason to skip a test; null where everything is here.</summary>
    public static string? Missing { get; private set; }

    /// <summary>The tools; null where one is missing.</summary>
    public static EmulatorTools? Found { get; } = Find();

    private static EmulatorTools? Find()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return Lacks("Linux on x64");
        if (!Avx2.IsSupported || !Fma.IsSupported)
            return Lacks("a processor with AVX2, F16C and FMA");
        (string Path, string Version)? clang = FindClang();
        if (clang is null)
            return Lacks($"clang {OldestClang} or newer");
        foreach (string program in new[] { "g++", "ld", "addr2line" })
            if (OnPath(program) is null)
                return Lacks(program);
        return new EmulatorTools(clang.Value.Path, clang.Value.Version, OnPath("g++")!, OnPath("ld")!);
    }

    private static EmulatorTools? Lacks(string what)
    {
        Missing = $"metal emulator: {what} is not here";
        return null;
    }

    private static (string, string)? FindClang()
    {
        IEnumerable<string> names = Enumerable.Range(OldestClang, NewestClang - OldestClang + 1).Reverse().Select(v => $"clang-{v}").Append("clang");
        foreach (string path in names.Select(OnPath).OfType<string>())
        {
            string version = Run(path, "--version").Split('\n')[0];
            Match number = VersionNumber().Match(version);
            if (number.Success && int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture) >= OldestClang)
                return (path, version);
        }
        return null;
    }

    private static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program and returns what it prints; fails the test where it ends with anything but 0.</summary>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program}: exit code {process.ExitCode}\n{output}\n{errors.Result}");
    }

    [GeneratedRegex(@"version (\d+)\.")]
    private static partial Regex VersionNumber();
}
