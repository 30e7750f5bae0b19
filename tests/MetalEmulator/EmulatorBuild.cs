using System.Security.Cryptography;
using System.Text;
using Tessera.TestSupport;

namespace Tessera.MetalEmulator;

/// <summary>Builds the emulator's native library, once for each state of its sources and tools.</summary>
internal static class EmulatorBuild
{
    private const int MostWaits = 6000;
    private static readonly TimeSpan WaitTime = TimeSpan.FromMilliseconds(100);

    private static string Sources { get; } = Path.Combine(Shared.RepositoryRoot, "tests", "MetalEmulator");

    /// <summary>The folder of the headers that kernels are compiled with.</summary>
    public static string Shim { get; } = Path.Combine(Sources, "Shim");

    /// <summary>Returns the folder that holds the library, and that compiled kernels are kept in.</summary>
    public static string Folder(EmulatorTools tools)
    {
        string folder = Path.Combine(Sources, "obj", "emulator", Fingerprint(tools));
        Directory.CreateDirectory(folder);
        if (File.Exists(Library(folder)))
            return folder;
        using FileStream turn = Turn(Path.Combine(folder, "lock"));
        if (!File.Exists(Library(folder)))
            Build(tools, folder);
        return folder;
    }

    public static string Library(string folder) => Path.Combine(folder, "libmetal-emulator.so");

    // Several test processes begin at once: one builds, the others wait for it.
    private static FileStream Turn(string path)
    {
        using ManualResetEventSlim never = new();
        for (int i = 0; i < MostWaits; i++)
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                never.Wait(WaitTime);
            }
        throw new TimeoutException($"{path}: another process still builds the emulator");
    }

    private static void Build(EmulatorTools tools, string folder)
    {
        string built = $"{Library(folder)}.{Environment.ProcessId}";
        EmulatorTools.Run(tools.Compiler, "-std=c++20", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
            Path.Combine(Sources, "Native", "All.cpp"), "-o", built, "-ldl", "-Wl,--no-as-needed", "-lm");
        File.Move(built, Library(folder), overwrite: true);
    }

    private static string Fingerprint(EmulatorTools tools)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{tools.Clang}\n{tools.ClangVersion}\n{tools.Compiler}\n"));
        foreach (string part in new[] { "Native", "Shim" })
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Sources, part), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(Path.GetRelativePath(Sources, file)));
                hash.AppendData(File.ReadAllBytes(file));
            }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
