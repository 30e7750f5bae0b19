namespace Tessera.Host.Configuration;

/// <summary>Collects errors, so that all of them can be reported at once.</summary>
internal sealed class ConfigurationErrors
{
    private readonly List<(int Line, string Text)> _errors = [];

    public bool Any => _errors.Count > 0;

    /// <summary>Adds an error.</summary>
    /// <param name="at">Where the value stands.</param>
    /// <param name="key">The key, such as <c>engine.stepMs</c>; empty for an error of the whole file.</param>
    /// <param name="message">What was expected and what was found. Never a secret.</param>
    public void Add(ConfigurationPlace at, string key, string message) =>
        _errors.Add((at.Line, key.Length == 0 ? $"{at}: {message}" : $"{at} {key}: {message}"));

    /// <summary>Throws when there are errors.</summary>
    /// <exception cref="ConfigurationException">There are.</exception>
    public void ThrowIfAny()
    {
        if (Any)
            throw new ConfigurationException([.. _errors.OrderBy(e => e.Line).Select(e => e.Text)]);
    }
}

/// <summary>Where a value stands: a line of the file, or an environment variable.</summary>
/// <param name="Name">The file's name or the variable's.</param>
/// <param name="Line">The line, from 1; <see cref="int.MaxValue"/>: no line.</param>
public readonly record struct ConfigurationPlace(string Name, int Line)
{
    /// <summary>A place without a line.</summary>
    public static ConfigurationPlace Whole(string name) => new(name, int.MaxValue);

    /// <inheritdoc/>
    public override string ToString() => Line == int.MaxValue ? Name : $"{Name}:{Line}";
}
