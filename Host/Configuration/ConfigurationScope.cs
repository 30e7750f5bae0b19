namespace Tessera.Host.Configuration;

/// <summary>What all sections of one reading share.</summary>
/// <param name="File">The file's name, for messages.</param>
/// <param name="Errors">Takes the errors.</param>
/// <param name="Environment">The environment.</param>
internal sealed record ConfigurationScope(string File, ConfigurationErrors Errors, EnvironmentValues Environment)
{
    /// <summary>The variables that the finished sections would take.</summary>
    public List<string> KnownVariables { get; } = [];

    /// <summary>A line of the file.</summary>
    public ConfigurationPlace At(int line) => new(File, line);

    /// <summary>A node as a value, variables replaced; null, with an error, where it is not one.</summary>
    public ConfigurationValue? Scalar(ConfigurationNode node, string key, bool secret)
    {
        if (node is not ScalarNode scalar)
            Errors.Add(At(node.Line), key, "expected one value");
        else if (scalar.IsNull)
            Errors.Add(At(node.Line), key, "has no value");
        else if (Environment.Expand(scalar.Text, out string? text, out string? missing) is not { } wrong)
            return new(key, At(node.Line), text!, secret ? "(secret)" : scalar.Text, scalar.Quoted && scalar.Text == text);
        else if (!secret || scalar.Text != $"${{{missing}}}")
            Errors.Add(At(node.Line), key, secret && missing is null ? "'${' without the name of a variable and '}'" : wrong);
        return null;
    }
}
