namespace Tessera.Architecture.Tests;

/// <summary>Habits of the files: small, and about one thing.</summary>
public sealed class FileTests
{
    private const int MostLines = 400;

    [Fact]
    public void No_source_file_is_longer_than_four_hundred_lines()
    {
        string root = Shared.RepositoryRoot;
        char separator = Path.DirectorySeparatorChar;
        List<string> files = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{separator}obj{separator}", StringComparison.Ordinal) && !f.Contains($"{separator}bin{separator}", StringComparison.Ordinal))];
        Assert.True(files.Count > 50, "no sources were found");
        Assert.Empty(files.Select(f => (Name: Path.GetRelativePath(root, f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > MostLines).Select(f => $"{f.Name}: {f.Lines} lines"));
    }
}
