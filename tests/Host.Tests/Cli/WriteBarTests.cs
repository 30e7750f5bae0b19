using Microsoft.Extensions.Time.Testing;
using Tessera.Host.Cli;

namespace Tessera.Host.Tests.Cli;

/// <summary>The bar of <c>tessera convert</c> and <c>quantize</c>.</summary>
public sealed class WriteBarTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _terminal = new() { NewLine = "\n" };

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void A_line_says_file_part_size_rate_and_tensor_and_is_written_over()
    {
        using (WriteBar bar = new("out.gguf", _terminal, 100, _time))
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            bar.Report("blk.0.attn_norm.weight", 50_000_000, 200_000_000);
            _time.Advance(TimeSpan.FromSeconds(2));
            bar.Report("output.weight", 200_000_000, 200_000_000);
        }
        string[] said = _terminal.ToString().Split('\r');
        Assert.Equal("", said[0]);
        Assert.Equal("out.gguf [#######.......................]  25 % of 200 MB, 25 MB/s  blk.0.attn_norm.weight".PadRight(99), said[1]);
        Assert.Equal("out.gguf [##############################] 100 % of 200 MB, 50 MB/s  output.weight".PadRight(99) + "\n", said[2]);
        Assert.Equal(3, said.Length);
    }

    [Fact]
    public void It_is_said_ten_times_a_second_and_at_the_end()
    {
        using (WriteBar bar = new("out.gguf", _terminal, 100, _time))
            for (int done = 0; done <= 1000; done++)
            {
                bar.Report("output.weight", done, 1000);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        string[] said = _terminal.ToString().Split('\r');
        Assert.Equal(11, said.Length - 1);
        Assert.Contains(" 100 % ", said[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40, "out.gguf [#######......................")]
    [InlineData(1, "o")]
    public void A_narrow_terminal_gets_one_line_all_the_same(int columns, string line)
    {
        using WriteBar bar = new("out.gguf", _terminal, columns, _time);
        bar.Report("output.weight", 25, 100);
        Assert.Equal("\r" + line, _terminal.ToString());
    }

    [Fact]
    public void Nothing_to_write_is_written_whole()
    {
        using WriteBar bar = new("out.gguf", _terminal, 60, _time);
        bar.Report("", 0, 0);
        Assert.Contains("[##############################] 100 % of 0 MB", _terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_it_is_silent()
    {
        using WriteBar bar = new("out.gguf", null, 100, _time);
        bar.Report("output.weight", 100, 100);
        Assert.Equal("", _terminal.ToString());
    }
}
