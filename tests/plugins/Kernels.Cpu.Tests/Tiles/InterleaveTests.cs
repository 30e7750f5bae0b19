using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

public unsafe class InterleaveTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void Elements_become_columns_and_missing_rows_repeat_the_last(int width)
    {
        if (!System.Runtime.Intrinsics.X86.Avx.IsSupported)
            Assert.Skip("tiles need AVX2");
        foreach (int count in new[] { 1, 5, width })
            foreach (int elements in new[] { 1, 4, 8, 19 })
            {
                int stride = elements + 3;
                int[] rows = [.. Enumerable.Range(0, stride * count)], to = new int[elements * width];
                fixed (int* from = rows, destination = to)
                    Interleave.Elements((byte*)from, stride * sizeof(int), count, elements, (byte*)destination, width);
                for (int i = 0; i < elements; i++)
                    for (int row = 0; row < width; row++)
                        Assert.Equal(Math.Min(row, count - 1) * stride + i, to[i * width + row]);
            }
    }

    [Fact]
    public void Blocks_follow_each_other_lane_by_lane()
    {
        Assert.Equal([0, 3, 6, 8, 1, 4, 7, 9, 2, 5], Enumerable.Range(0, 10).Select(block => Panels.Place(block, 10, 4)));
        Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(block => Panels.Place(block, 3, 8)));
    }
}
