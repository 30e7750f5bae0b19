using System.Globalization;
using Tessera.Kernels.Cpu.Linear.Transposed;

namespace Tessera.Kernels.Cpu.Tests.Linear;

public class SecondLevelCacheTests
{
    /// <summary>As the system says; or as most have, where the processor does not say.</summary>
    [Fact]
    public void Its_size_is_that_of_this_processor()
    {
        const string told = "/sys/devices/system/cpu/cpu0/cache/index2/size";
        Assert.InRange(SecondLevelCache.Bytes, 1 << 16, 1 << 28);
        if (File.Exists(told) && File.ReadAllText(told).Trim() is [.. string size, 'K'])
            Assert.Contains(SecondLevelCache.Bytes, (int[])[int.Parse(size, CultureInfo.InvariantCulture) << 10, 1 << 20]);
    }
}
