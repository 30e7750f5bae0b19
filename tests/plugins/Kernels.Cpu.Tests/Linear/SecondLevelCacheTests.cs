using Tessera.Kernels.Cpu.Linear.Transposed;

namespace Tessera.Kernels.Cpu.Tests.Linear;

public class SecondLevelCacheTests
{
    // Not as the system says it: in a virtual machine the two may differ.
    [Fact]
    public void Its_size_is_one_that_a_processor_may_have() => Assert.InRange(SecondLevelCache.Bytes, 1 << 16, 1 << 28);
}
