using Microsoft.Extensions.Logging;
using Tessera.Host.Serving;

namespace Tessera.Host.Tests.Serving;

/// <summary>When an edit of a file counts.</summary>
public sealed class ConfigurationWatchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_slowly_is_seen_once_and_whole()
    {
        SettledContent content = new("a", TimeSpan.FromSeconds(1));
        double time = 0;
        bool At(string? now, double after) => content.HasChanged(now, TimeSpan.FromSeconds(time += after));
        // Its beginnings are contents too; none of them stays for a second.
        foreach (string part in (string[])["b", "bc", "bcd", "bcde"])
        {
            Assert.False(At(part, 0.3));
            Assert.False(At(part, 0.6));
        }
        Assert.False(content.IsSettled);
        Assert.True(At("bcde", 0.4));
        Assert.True(content.IsSettled);
        Assert.False(At("bcde", 9));
        Assert.True(content.IsSettled);
        // Away for however long, and back as it was.
        Assert.False(At(null, 9));
        Assert.False(At(null, 9));
        Assert.False(At("bcde", 9));
        Assert.False(At("bcde", 9));
        // Away, and another one comes.
        Assert.False(At(null, 9));
        Assert.False(At("f", 9));
        Assert.False(At("f", 0.9));
        Assert.True(At("f", 0.1));
        // Another for a moment only.
        Assert.False(At("g", 0.5));
        Assert.False(content.IsSettled);
        Assert.False(At("f", 0.5));
        Assert.True(content.IsSettled);
        Assert.False(At("f", 9));
    }

    [Fact]
    public async Task Each_of_several_edits_counts_once()
    {
        string file = _folder.Write("host.yaml", "none");
        int changes = 0;
        await using ConfigurationWatch watch = new(file, () => Task.FromResult(Interlocked.Increment(ref changes)), new Said(), TimeSpan.FromMilliseconds(100));
        for (int edit = 1; edit <= 3; edit++)
        {
            // As long as the one before: neither its length nor, on some file systems, its time tells them apart.
            File.WriteAllText(file, $"as {edit}");
            await TestServer.UntilAsync(() => changes == edit, "a change is seen");
        }
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.Equal(3, changes);
    }

    [Fact]
    public async Task A_file_that_was_emptied_is_said_and_does_not_count()
    {
        string file = _folder.Write("host.yaml", "one");
        Said said = new();
        int changes = 0;
        await using ConfigurationWatch watch = new(file, () => Task.FromResult(Interlocked.Increment(ref changes)), said, TimeSpan.FromMilliseconds(200));
        File.WriteAllText(file, "");
        await TestServer.UntilAsync(() => said.Text is not null, "it is said");
        Assert.Equal("host.yaml is empty; what it said before stays in force", said.Text);
        Assert.Equal(0, changes);
        File.WriteAllText(file + ".new", "two");
        File.Move(file + ".new", file, overwrite: true);
        await TestServer.UntilAsync(() => changes == 1, "a change is seen");
    }

    private sealed class Said : ILogger
    {
        public string? Text { get; private set; }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Text = formatter(state, exception);
    }
}
