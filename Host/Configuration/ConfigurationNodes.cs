namespace Tessera.Host.Configuration;

/// <summary>A value of the file with the line that it stands on.</summary>
internal abstract record ConfigurationNode(int Line);

/// <summary>A text; whether it is a number is decided by who reads it.</summary>
internal sealed record ScalarNode(int Line, string Text, bool Quoted) : ConfigurationNode(Line)
{
    /// <summary>True for what YAML reads as null: nothing, <c>~</c> or <c>null</c>.</summary>
    public bool IsNull => !Quoted && Text is "" or "~" or "null";
}

/// <summary>A list.</summary>
internal sealed record SequenceNode(int Line, IReadOnlyList<ConfigurationNode> Items) : ConfigurationNode(Line);

/// <summary>Keys and values, in the file's order; keys are unique.</summary>
internal sealed record MappingNode(int Line, IReadOnlyList<MappingEntry> Entries) : ConfigurationNode(Line)
{
    public ConfigurationNode? Find(string key)
    {
        foreach (MappingEntry entry in Entries)
            if (entry.Key == key)
                return entry.Value;
        return null;
    }
}

/// <summary>One key and its value.</summary>
internal sealed record MappingEntry(string Key, int Line, ConfigurationNode Value);
