using System.Globalization;
using Tessera.Corpus.Stories;

namespace Tessera.Corpus.Tests;

/// <summary>What models/README.md says of the shipped files and their corpus.</summary>
public sealed class DescriptionTests
{
    private static readonly string Models = Path.Combine(Shared.RepositoryRoot, "models"), Text = string.Join(' ', File.ReadAllText(Path.Combine(Models, "README.md")).Split('\n'));

    [Theory]
    [InlineData("demo/demo.gguf")]
    [InlineData("demo/draft.gguf")]
    public void Files_have_the_sizes_that_are_given(string file) => Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"`{file}`, {new FileInfo(Path.Combine(Models, file)).Length:N0} bytes"), Text, StringComparison.Ordinal);

    [Fact]
    public void The_corpus_has_the_numbers_that_are_given()
    {
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"{CorpusGenerator.Count:N0} conversations"), Text, StringComparison.Ordinal);
        Assert.Contains($"{Cast.Heroes.Count} heroes, names, {Cast.Places.Count} places", Text, StringComparison.Ordinal);
        Turn[] turns = [.. CorpusGenerator.Generate().SelectMany(c => c.Turns)];
        Assert.Contains($"capitals of {Different(turns, "The capital of ")} countries", Text, StringComparison.Ordinal);
        Assert.Contains($"opposites of {Different(turns, "The opposite of ")} words", Text, StringComparison.Ordinal);
        Assert.Contains($"the spelling of {turns.Select(t => t.Assistant).Where(a => a.Contains(" is spelled ", StringComparison.Ordinal)).Distinct().Count()};", Text, StringComparison.Ordinal);
    }

    private static int Different(Turn[] turns, string beginning) => turns.Select(t => t.Assistant).Where(a => a.StartsWith(beginning, StringComparison.Ordinal)).Distinct().Count();
}
