using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests.Plugins.Packages;

public sealed class FolderEntriesTests
{
    [Fact]
    public void A_folders_entries_are_written_through_where_the_system_does_that()
    {
        using TemporaryFolder folder = new();
        Assert.Equal(!OperatingSystem.IsWindows(), FolderEntries.TryFlush(folder.Path));
        if (!OperatingSystem.IsWindows())
            Assert.Contains("nowhere", Assert.Throws<IOException>(() => FolderEntries.TryFlush(Path.Combine(folder.Path, "nowhere"))).Message, StringComparison.Ordinal);
    }
}
