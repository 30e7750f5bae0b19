using System.Text.RegularExpressions;

namespace Tessera.Architecture.Tests;

/// <summary>One file per model family, and its name nowhere else.</summary>
public sealed partial class FamilyFileTests
{
    private const string List = "BuiltIn.cs";

    // Formats say which of their models is of which family, and tokenizers' kinds and patterns are named for models.
    private static IEnumerable<string> Folders => Directory.EnumerateDirectories(Path.Combine(Shared.RepositoryRoot, "plugins")).Select(d => Path.GetRelativePath(Shared.RepositoryRoot, d))
        .Where(d => !d.Contains("Format.", StringComparison.Ordinal) && !d.Contains("Tokenizer", StringComparison.Ordinal))
        .Concat(["Abstractions", "Conformance", "Engine", "Host"]);

    [Fact]
    public void A_family_is_named_in_its_own_file_and_in_the_list_of_all_and_nowhere_else()
    {
        (string File, string Text)[] sources = [.. Folders
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(Shared.RepositoryRoot, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(f => (Path.GetFileName(f), Comment().Replace(File.ReadAllText(f), "")))];
        List<string> wrong = [];
        int families = 0;
        foreach ((string file, string text) in sources)
            foreach (Match family in Family().Matches(text))
            {
                families++;
                string type = family.Groups[1].Value;
                if (file != $"{type}.cs")
                    wrong.Add($"{type} is in {file}");
                string[] ids = [.. Ids(text)];
                Assert.NotEmpty(ids);
                // Families that share an architecture's name each say it.
                wrong.AddRange(sources.Where(s => s.File != file && s.File != List && (Regex.IsMatch(s.Text, $@"\b{type}\b") || ids.Except(Ids(s.Text)).Any(s.Text.Contains)))
                    .Select(s => $"{type} is named in {s.File}"));
                Assert.Contains($"new {type}()", sources.Single(s => s.File == List).Text, StringComparison.Ordinal);
            }
        Assert.True(families >= 20, $"{families} families");
        Assert.Empty(wrong);
    }

    private static IEnumerable<string> Ids(string text) => Family().IsMatch(text) ? Text().Matches(Names().Match(text).Groups[1].Value).Select(m => m.Value) : [];

    [GeneratedRegex(@"\bclass\s+(\w+)\s*:\s*IModelArchitecture\b")]
    private static partial Regex Family();

    [GeneratedRegex(@"\bNames\s*\{ get; \}\s*=\s*\[([^\]]*)\]")]
    private static partial Regex Names();

    [GeneratedRegex("\"[^\"\\n]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();
}
