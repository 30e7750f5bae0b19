using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Host.Plugins.Packages;

/// <summary>What a package needs of the machine.</summary>
public sealed record PackageRequirements
{
    /// <summary>Instruction sets, all of them; see <see cref="Available"/> for the names.</summary>
    public IReadOnlyList<string> Cpu { get; init => field = value ?? []; } = [];

    /// <summary>Operating systems, one of them: linux, windows, osx; empty: any.</summary>
    public IReadOnlyList<string> Os { get; init => field = value ?? []; } = [];

    /// <summary>The least version of the .NET runtime, such as 10.0.12, or null.</summary>
    public string? Runtime { get; init; }

    /// <summary>The instruction sets that a package can ask for, and whether this processor has them.</summary>
    public static IReadOnlyDictionary<string, bool> Available { get; } = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["avx2"] = Avx2.IsSupported,
        ["fma"] = Fma.IsSupported,
        ["avx512f"] = Avx512F.IsSupported,
        ["avx512bw"] = Avx512BW.IsSupported,
        ["avx512vbmi"] = Avx512Vbmi.IsSupported,
        ["avxvnni"] = AvxVnni.IsSupported,
        ["advsimd"] = AdvSimd.IsSupported,
        ["dotprod"] = Dp.IsSupported,
    };

    /// <summary>The first requirement that this machine does not meet, as a sentence, or null.</summary>
    public string? Unmet()
    {
        foreach (string set in Cpu)
            if (!Available.TryGetValue(set, out bool there))
                return $"requires.cpu: unknown instruction set '{set}'{Configuration.Suggestion.For(set, Available.Keys)}";
            else if (!there)
                return $"requires.cpu: this processor does not have {set}; take a package for this machine";
        if (Os.Count > 0 && !Os.Any(os => RuntimeInformation.IsOSPlatform(OSPlatform.Create(os.ToUpperInvariant()))))
            return $"requires.os: expected {string.Join(" or ", Os)}, this is {RuntimeInformation.OSDescription}; take a package for this machine";
        if (Runtime is null)
            return null;
        return !Version.TryParse(Runtime, out Version? least) ? $"requires.runtime: expected a version such as 10.0.12, found '{Runtime}'"
            : Environment.Version < least ? $"requires.runtime: needs .NET {least}, this is {Environment.Version}; update it, or take an older version of the plugin"
            : null;
    }
}
