using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Kit;

/// <summary>The code of docs/plugin-authors.md is code that is built and run: each block names the file that it is from, or is run here.</summary>
[Collection(WorkshopCollection.Name)]
public sealed class GuideTests(AuthorWorkshop workshop)
{
    private const string Fence = "```", FileMark = "<!-- file: ", RunMark = "<!-- run: ", MarkEnd = " -->";

    [Fact]
    public void Every_block_stands_in_a_file_that_is_built_or_is_run()
    {
        int files = 0, run = 0;
        foreach ((string mark, string[] lines) in Blocks())
            if (mark.StartsWith(FileMark, StringComparison.Ordinal))
            {
                files++;
                string path = mark[FileMark.Length..^MarkEnd.Length];
                Assert.True(path.StartsWith("templates/plugin/", StringComparison.Ordinal) || path.StartsWith("samples/", StringComparison.Ordinal), $"{path}: not among the files that tests build");
                string[] source = File.ReadAllLines(Path.Combine(Shared.RepositoryRoot, path));
                Assert.True(Holds(source, lines), $"the block of docs/plugin-authors.md from {path} that begins with '{lines[0]}' does not stand there");
            }
            else
            {
                Assert.Equal($"{RunMark}walk{MarkEnd}", mark);
                run++;
            }
        Assert.True(files > 10, "no blocks were found");
        Assert.Equal(1, run);
    }

    [Theory]
    [InlineData(true, "    b", "    c")]
    [InlineData(true, "b", "c")]
    [InlineData(false, "b", "d")]
    [InlineData(false, "b", "  c")]
    public void A_block_is_found_with_its_indentation_taken_off(bool holds, params string[] block) => Assert.Equal(holds, Holds(["a", "    b", "    c", "d"], block));

    [Fact]
    public async Task The_commands_lead_from_nothing_to_an_active_plugin()
    {
        string[] commands = Blocks().Single(b => b.Mark.StartsWith(RunMark, StringComparison.Ordinal)).Lines;
        string last = "";
        foreach (string command in commands)
        {
            string[] words = command.Split(' ');
            string[] arguments = words[0] == "tessera" ? [Path.Combine(TestServer.Executable, "tessera.dll"), .. words[1..]]
                : words[1] == "new" ? [.. words[1..], "--debug:custom-hive", Path.Combine(workshop.Folder, "hive")]
                : words[1..];
            last = AuthorWorkshop.Done(await workshop.DotnetAsync(arguments));
            if (command.StartsWith("tessera plugins key", StringComparison.Ordinal))
                await File.WriteAllTextAsync(Path.Combine(workshop.Folder, "host.yaml"), $"plugins: {{ folder: nowhere, store: store, publishers: {{ {last.Split('\n')[1]} }} }}\n", TestContext.Current.CancellationToken);
        }
        Assert.Contains("acme.quant 1.0.0", last, StringComparison.Ordinal);
        Assert.Contains("is active", last, StringComparison.Ordinal);
    }

    private static bool Holds(string[] source, string[] block)
    {
        for (int at = 0; at + block.Length <= source.Length; at++)
        {
            int indent = source[at].Length - source[at].TrimStart().Length - (block[0].Length - block[0].TrimStart().Length);
            if (indent >= 0 && Enumerable.Range(0, block.Length).All(i => source[at + i] == (block[i].Length == 0 ? "" : new string(' ', indent) + block[i])))
                return true;
        }
        return false;
    }

    private static List<(string Mark, string[] Lines)> Blocks()
    {
        string[] page = File.ReadAllLines(Path.Combine(Shared.RepositoryRoot, "docs", "plugin-authors.md"));
        List<(string, string[])> blocks = [];
        for (int i = 0; i < page.Length; i++)
        {
            if (!page[i].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            int end = Array.FindIndex(page, i + 1, l => l.StartsWith(Fence, StringComparison.Ordinal));
            blocks.Add((i > 0 ? page[i - 1] : "", page[(i + 1)..end]));
            i = end;
        }
        return blocks;
    }
}
