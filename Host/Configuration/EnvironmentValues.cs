using System.Text;

namespace Tessera.Host.Configuration;

/// <summary>Environment variables: those that override keys (<c>TESSERA__ENGINE__STEPMS</c>), and those that values name (<c>${NAME}</c>).</summary>
internal sealed class EnvironmentValues
{
    private const string Prefix = "TESSERA__";

    private readonly IReadOnlyDictionary<string, string> _all;
    private readonly Dictionary<string, (string Variable, string Value)> _overrides = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = [];

    public EnvironmentValues(IReadOnlyDictionary<string, string> all)
    {
        _all = all;
        foreach ((string name, string value) in all)
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                _overrides[name[Prefix.Length..].ToUpperInvariant()] = (name, value);
    }

    /// <summary>A key as it is spelled in a variable's name.</summary>
    public static string Segment(string key)
    {
        StringBuilder text = new(key.Length);
        foreach (char c in key)
            text.Append(char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_');
        return text.ToString();
    }

    /// <summary>The variable that overrides a key.</summary>
    /// <param name="path">Segments with two underscores between them.</param>
    /// <param name="variable">The variable's name as it is set.</param>
    /// <param name="value">Its value.</param>
    public bool TryOverride(string path, out string variable, out string value)
    {
        bool found = _overrides.TryGetValue(path, out (string Variable, string Value) pair);
        (variable, value) = found ? pair : ("", "");
        if (found)
            _used.Add(path);
        return found;
    }

    /// <summary>Takes every variable below a path: what follows in its name, its name and its value.</summary>
    public IReadOnlyList<(string Key, string Variable, string Value)> TakeBelow(string path)
    {
        List<(string, string, string)> taken = [];
        foreach ((string key, (string variable, string value)) in _overrides)
            if (key.StartsWith(path + "__", StringComparison.Ordinal) && _used.Add(key))
                taken.Add((key[(path.Length + 2)..], variable, value));
        return taken;
    }

    /// <summary>The variables that no key has asked for.</summary>
    public IEnumerable<(string Path, string Variable)> Unused() =>
        _overrides.Where(o => !_used.Contains(o.Key)).OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => (o.Key, o.Value.Variable));

    /// <summary>Replaces each <c>${NAME}</c> by the variable's value; <c>$${</c> stands for <c>${</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="result">The result; null when it failed.</param>
    /// <param name="missing">The variable that is not set, or null.</param>
    /// <returns>What is wrong, or null.</returns>
    public string? Expand(string text, out string? result, out string? missing)
    {
        (result, missing) = (null, null);
        StringBuilder expanded = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            if (text.AsSpan(i).StartsWith("$${"))
            {
                expanded.Append("${");
                i += 3;
            }
            else if (text.AsSpan(i).StartsWith("${"))
            {
                int end = text.IndexOf('}', i);
                if (end < 0)
                    return "'${' without '}'";
                string name = text[(i + 2)..end];
                if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
                    return $"'${{{name}}}' is no name of a variable (letters, digits and '_', no digit first)";
                if (!_all.TryGetValue(name, out string? value))
                {
                    missing = name;
                    return $"the environment variable {name} is not set";
                }
                expanded.Append(value);
                i = end + 1;
            }
            else
                expanded.Append(text[i++]);
        }
        result = expanded.ToString();
        return null;
    }
}
