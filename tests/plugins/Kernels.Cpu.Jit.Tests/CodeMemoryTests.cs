using System.Globalization;
using Tessera.Kernels.Cpu.Jit.Memory;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Runs while no other test does: another's code might be mapped where the first one's was.</summary>
[CollectionDefinition(nameof(CodeMemoryTests), DisableParallelization = true)]
public sealed class CodeMemoryCollection;

/// <summary>Code's pages are never writable and executable at once, and are given back.</summary>
[Collection(nameof(CodeMemoryTests))]
public sealed class CodeMemoryTests
{
    [Fact]
    public void Pages_can_be_executed_and_not_written_and_go_with_their_owner()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/maps");
        CodeMemory memory = new([0xC3]);
        nint address = memory.Address;
        Assert.Equal("r-xp", Protection(address));
        memory.Dispose();
        memory.Dispose();
        Assert.Equal(0, memory.Address);
        Assert.NotEqual("r-xp", Protection(address));
    }

    private static string? Protection(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] parts = line.Split(' ', '-');
            if (nint.Parse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address && address < nint.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                return line.Split(' ')[1];
        }
        return null;
    }
}
