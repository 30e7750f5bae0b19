using System.Collections;
using System.Text;
using Tessera.Host.Plugins;

namespace Tessera.Host.Configuration;

/// <summary>Finds, reads and checks <c>host.yaml</c>.</summary>
public sealed class ConfigurationLoader
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "host.yaml";

    /// <summary>Where <c>./host.yaml</c> is.</summary>
    public string WorkingFolder { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>The executable's folder.</summary>
    public string ExecutableFolder { get; init; } = AppContext.BaseDirectory;

    /// <summary>The environment's variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ReadEnvironment();

    /// <summary>Whether a configured model that is not there is an error; else it is one only when the model is loaded.</summary>
    public bool RequireModelFiles { get; init; } = true;

    /// <summary>Reads the configuration.</summary>
    /// <param name="path">The file that the user named, or null: <c>./host.yaml</c>, else the one beside the executable.</param>
    /// <exception cref="ConfigurationException">Everything that is wrong, at once.</exception>
    public HostConfiguration Load(string? path = null)
    {
        string file = Find(path);
        ConfigurationErrors errors = new();
        string name = Path.GetFileName(file);
        MappingNode root = YamlReader.Read(name, ReadText(file), errors);
        ConfigurationScope scope = new(name, errors, new EnvironmentValues(Environment));
        HostConfiguration configuration = new ConfigurationBinder(this, scope, file).Bind(root);
        foreach (string id in configuration.Plugins.Load)
            if (PluginPackage.TryFind(configuration.Plugins.Folders, id)?.TryReadManifest() is { } manifest)
                PluginOptions.Bind(manifest, configuration.Plugins, errors);
        errors.ThrowIfAny();
        return configuration;
    }

    private string Find(string? path)
    {
        if (path is not null)
        {
            string named = Path.GetFullPath(path, WorkingFolder);
            return File.Exists(named) ? named : throw new ConfigurationException([$"--config {path}: no such file ({named})"]);
        }
        string[] places = [Path.Combine(WorkingFolder, FileName), Path.Combine(ExecutableFolder, FileName)];
        return places.FirstOrDefault(File.Exists) ?? throw new ConfigurationException([$"no configuration: looked for {string.Join(" and ", places)}; name one with --config"]);
    }

    private static string ReadText(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            byte[] bytes = new byte[YamlReader.MaxBytes + 1];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > YamlReader.MaxBytes)
                throw new ConfigurationException([$"{Path.GetFileName(file)}: longer than {YamlReader.MaxBytes} bytes"]);
            int mark = bytes.AsSpan(0, length).StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, mark, length - mark);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationException([$"{Path.GetFileName(file)}: cannot be read: {e.Message}"]);
        }
    }

    private static Dictionary<string, string> ReadEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
}
