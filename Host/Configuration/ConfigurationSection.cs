using System.Globalization;

namespace Tessera.Host.Configuration;

/// <summary>One scalar as the file or the environment has it.</summary>
/// <param name="Key">The full key, for messages.</param>
/// <param name="At">Where it stands.</param>
/// <param name="Text">The value, variables replaced.</param>
/// <param name="Shown">The value as messages may show it: variables not replaced, as they may be secret.</param>
/// <param name="IsText">Whether it was quoted, and so is a text and no number.</param>
public sealed record ConfigurationValue(string Key, ConfigurationPlace At, string Text, string Shown, bool IsText);

/// <summary>Reads the keys of one mapping with their types, adds what is wrong to the errors, and in the end knows which keys nobody asked for.</summary>
internal sealed class ConfigurationSection
{
    private readonly ConfigurationScope _scope;
    private readonly MappingNode? _node;
    private readonly string _path;
    private readonly string _variable;
    private readonly HashSet<string> _known = [];

    public ConfigurationSection(ConfigurationScope scope, MappingNode? node, string path, string variable, ConfigurationPlace at) =>
        (_scope, _node, _path, _variable, At) = (scope, node, path, variable, at);

    /// <summary>Where the section begins.</summary>
    public ConfigurationPlace At { get; }

    /// <summary>Where a key stands, or where the section begins.</summary>
    public ConfigurationPlace Place(string key) => _node?.Find(key) is { } node ? _scope.At(node.Line) : At;

    /// <summary>A key with its section's, for messages.</summary>
    public string FullKey(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    /// <summary>The keys that the file has here.</summary>
    public IReadOnlyList<MappingEntry> Entries => _node?.Entries ?? [];

    /// <summary>Adds an error about a key.</summary>
    public void Error(string key, string message) => _scope.Errors.Add(Place(key), FullKey(key), message);

    /// <summary>The scalar of a key, or null where it is absent or wrong.</summary>
    /// <param name="key">The key.</param>
    /// <param name="secret">The value is not shown in messages, and naming a variable that is not set means no value.</param>
    public ConfigurationValue? Value(string key, bool secret = false)
    {
        _known.Add(key);
        if (_scope.Environment.TryOverride(Variable(key), out string variable, out string value))
            return new(FullKey(key), ConfigurationPlace.Whole(variable), value, secret ? "(secret)" : value, IsText: false);
        return _node?.Find(key) is { } node ? Scalar(node, FullKey(key), secret) : null;
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string key) => Value(key)?.Text;

    /// <summary>A whole number within bounds.</summary>
    public int Integer(string key, int fallback, int least, int most)
    {
        if (Value(key) is not { } value)
            return fallback;
        if (!value.IsText && int.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most)
            return number;
        Wrong(value, $"expected a whole number from {least} to {most}");
        return fallback;
    }

    /// <summary>A number within bounds, or null where the key is absent or wrong.</summary>
    public float? Number(string key, float least, float most)
    {
        if (Value(key) is not { } value)
            return null;
        if (!value.IsText && float.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) && number >= least && number <= most)
            return number;
        Wrong(value, $"expected a number from {least} to {most}");
        return null;
    }

    /// <summary>true or false.</summary>
    public bool Boolean(string key, bool fallback)
    {
        if (Value(key) is not { } value)
            return fallback;
        if (!value.IsText && value.Text is "true" or "false")
            return value.Text == "true";
        Wrong(value, "expected true or false");
        return fallback;
    }

    /// <summary>One of a few words.</summary>
    public T Choice<T>(string key, T fallback, params (string Word, T Value)[] choices)
    {
        if (Value(key) is not { } value)
            return fallback;
        foreach ((string word, T choice) in choices)
            if (word == value.Text)
                return choice;
        Wrong(value, $"expected {string.Join(" or ", choices.Select(c => c.Word))}", Suggestion.For(value.Shown, choices.Select(c => c.Word)));
        return fallback;
    }

    /// <summary>A list of scalars, or null where the key is absent. In a variable, commas stand between them.</summary>
    public IReadOnlyList<ConfigurationValue>? List(string key)
    {
        _known.Add(key);
        if (_scope.Environment.TryOverride(Variable(key), out string variable, out string text))
            return [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(part => new ConfigurationValue(FullKey(key), ConfigurationPlace.Whole(variable), part, part, IsText: false))];
        switch (_node?.Find(key))
        {
            case null:
            case ScalarNode { IsNull: true }:
                return null;
            case SequenceNode list:
                List<ConfigurationValue> values = [];
                for (int i = 0; i < list.Items.Count; i++)
                    if (Scalar(list.Items[i], $"{FullKey(key)}[{i}]", secret: false) is { } value)
                        values.Add(value);
                return values;
            default:
                Error(key, "expected a list");
                return null;
        }
    }

    /// <summary>The section below a key; an empty one where it is absent or wrong.</summary>
    public ConfigurationSection Section(string key)
    {
        _known.Add(key);
        return Below(_node?.Find(key), FullKey(key), Variable(key));
    }

    /// <summary>A list of sections.</summary>
    public IReadOnlyList<ConfigurationSection> Sections(string key)
    {
        _known.Add(key);
        switch (_node?.Find(key))
        {
            case null:
            case ScalarNode { IsNull: true }:
                return [];
            case SequenceNode list:
                return [.. list.Items.Select((item, i) => Below(item, $"{FullKey(key)}[{i}]", $"{Variable(key)}__{i}"))];
            default:
                Error(key, "expected a list");
                return [];
        }
    }

    /// <summary>Adds an error for each key of the file that nobody has asked for.</summary>
    public void Finish()
    {
        foreach (string key in _known)
            _scope.KnownVariables.Add(Variable(key));
        foreach (MappingEntry entry in Entries)
            if (!_known.Contains(entry.Key))
                _scope.Errors.Add(_scope.At(entry.Line), FullKey(entry.Key), $"unknown key{Suggestion.For(entry.Key, _known)}");
    }

    /// <summary>Adds the error that a value is not what was expected.</summary>
    public void Wrong(ConfigurationValue value, string expected, string suggestion = "") =>
        _scope.Errors.Add(value.At, value.Key, $"{expected}, found {(value.IsText ? "the text " : "")}'{value.Shown}'{suggestion}");

    private string Variable(string key) => _variable.Length == 0 ? EnvironmentValues.Segment(key) : $"{_variable}__{EnvironmentValues.Segment(key)}";

    private ConfigurationSection Below(ConfigurationNode? node, string path, string variable)
    {
        if (node is not null and not MappingNode and not ScalarNode { IsNull: true })
            _scope.Errors.Add(_scope.At(node.Line), path, "expected keys and values");
        return new(_scope, node as MappingNode, path, variable, node is null ? At : _scope.At(node.Line));
    }

    private ConfigurationValue? Scalar(ConfigurationNode node, string key, bool secret) => _scope.Scalar(node, key, secret);
}
