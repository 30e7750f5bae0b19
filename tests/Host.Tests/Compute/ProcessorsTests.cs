using Tessera.Host.Compute;

namespace Tessera.Host.Tests.Compute;

public sealed class ProcessorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0-3,8", new[] { 0, 1, 2, 3, 8 })]
    [InlineData(" 5 \n", new[] { 5 })]
    [InlineData("", new int[0])]
    [InlineData("3-1", null)]
    [InlineData("0-999999999", null)]
    [InlineData("1-2-3", null)]
    [InlineData("x", null)]
    public void A_list_of_processors_is_read(string text, int[]? numbers) => Assert.Equal(numbers, Processors.Numbers(text));

    [Fact]
    public void Two_threads_of_a_core_count_once_and_only_where_the_process_may_use_them()
    {
        Write("0-1,4-6", [(0, "0,4"), (1, "1,5"), (4, "0,4"), (5, "1,5"), (6, "2,6")]);
        Assert.Equal([0, 1, 4, 5, 6], Processors.Allowed(_folder.Path));
        Assert.Equal(3, Processors.Cores(_folder.Path));
    }

    [Fact]
    public void A_processor_of_unknown_siblings_is_a_core()
    {
        Write("0-2", [(1, "nonsense")]);
        Assert.Equal(3, Processors.Cores(_folder.Path));
    }

    [Fact]
    public void A_system_that_does_not_say_has_no_count() => Assert.Null(Processors.Cores(_folder.Path));

    [Theory]
    [InlineData("0::/", "", "200000 100000", 2)]
    [InlineData("0::/a/b", "a/b", "150000 100000", 2)]
    [InlineData("0::/a/b", "a", "50000 100000", 1)]
    [InlineData("0::/not/here", "", "300000 100000\n", 3)]
    [InlineData("5:cpu:/x\n0::/", "", "100000 100000", 1)]
    [InlineData("0::/", "", "max 100000", null)]
    [InlineData("0::/", "", "nonsense", null)]
    [InlineData("0::/", "", "100000 0", null)]
    [InlineData("5:cpu:/", "", "100000 100000", null)]
    public void A_control_group_s_share_of_time_is_read(string groups, string folder, string limit, int? processors)
    {
        Put("proc/self/cgroup", groups + "\n");
        Put(Path.Combine("sys/fs/cgroup", folder, "cpu.max"), limit);
        Assert.Equal(processors, Processors.Quota(_folder.Path));
        Assert.Equal(Math.Min(4, processors ?? 4), Processors.Usable(_folder.Path, 4));
    }

    [Fact]
    public void The_least_limit_of_all_groups_counts_and_fewer_cores_more()
    {
        Put("proc/self/cgroup", "0::/a/b\n");
        Put("sys/fs/cgroup/a/b/cpu.max", "800000 100000");
        Put("sys/fs/cgroup/a/cpu.max", "300000 100000");
        Put("sys/fs/cgroup/cpu.max", "max 100000");
        Assert.Equal(3, Processors.Quota(_folder.Path));
        Write("0-3", [(0, "0,1"), (1, "0,1"), (2, "2,3"), (3, "2,3")]);
        Assert.Equal(2, Processors.Usable(_folder.Path, 8));
    }

    [Fact]
    public void The_default_team_has_no_more_lanes_than_the_process_has_processors() => Assert.InRange(Processors.PhysicalCores, 1, Environment.ProcessorCount);

    private void Write(string allowed, (int Processor, string Siblings)[] siblings)
    {
        Put("proc/self/status", $"Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t{allowed}\nMems_allowed_list:\t0\n");
        foreach ((int processor, string list) in siblings)
            Put($"sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list", list + "\n");
    }

    private void Put(string name, string text)
    {
        string path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
