using System.Text;
using System.Text.RegularExpressions;

namespace Tessera.Host.Plugins.Packages;

/// <summary>The beginnings of plugins that ship beside the executable: the files of <c>dotnet new tessera-plugin</c>, with another way to ask for them.</summary>
internal static partial class PluginTemplate
{
    private const string Common = "common", NamePlace = "Acme.Plugin", IdPlace = "acme.plugin";

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "templates", "plugin");

    /// <summary>The kinds that there are.</summary>
    public static IReadOnlyList<string> Kinds =>
        !Directory.Exists(Folder) ? [] : [.. Directory.EnumerateDirectories(Folder).Select(d => Path.GetFileName(d)!).Where(n => n != Common && n[0] != '.').Order(StringComparer.Ordinal)];

    /// <summary>Writes a new plugin's files.</summary>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="name">The name of its assembly and namespace, such as <c>Acme.Quant</c>; in lower case, its id.</param>
    /// <param name="target">A folder that is not there yet, or is empty.</param>
    /// <returns>The files, relative to the folder.</returns>
    /// <exception cref="PluginException">There is no such kind, the name can be no namespace, or the folder holds something.</exception>
    public static IReadOnlyList<string> Create(string kind, string name, string target)
    {
        if (!Kinds.Contains(kind))
            throw new PluginException($"no kind '{kind}'; expected {string.Join(", ", Kinds)}{Configuration.Suggestion.For(kind, Kinds)}");
        if (!Namespace().IsMatch(name) || !PluginManifest.IsId(name.ToLowerInvariant()))
            throw new PluginException($"name '{name}': expected words of letters and digits with dots between them, such as Acme.Quant");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new PluginException($"{target}: expected an empty folder, or none");
        List<string> written = [];
        foreach (string part in new[] { Common, kind })
            foreach (string file in Directory.EnumerateFiles(Path.Combine(Folder, part), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                string relative = Path.GetRelativePath(Path.Combine(Folder, part), file).Replace(NamePlace, name, StringComparison.Ordinal);
                string path = Path.Combine(target, relative);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                // Byte by byte, so that files that are no text stay as they are.
                string text = Encoding.Latin1.GetString(File.ReadAllBytes(file));
                File.WriteAllBytes(path, Encoding.Latin1.GetBytes(text.Replace(NamePlace, name, StringComparison.Ordinal).Replace(IdPlace, name.ToLowerInvariant(), StringComparison.Ordinal)));
                written.Add(relative);
            }
        return written;
    }

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Namespace();
}
