using System.Text.Json;

namespace Tessera.Conformance.Golden;

/// <summary>The samples that a plugin's package brings to show what its parts must do: the <c>.json</c> files of its folder <c>golden</c>, one sample each, beside the files that they name.</summary>
public sealed class GoldenFolder
{
    /// <summary>The folder's name in a package.</summary>
    public const string Name = "golden";

    private const int MaxSamples = 256;
    private const int MaxJsonBytes = 4 << 20;

    private GoldenFolder(IReadOnlyList<GoldenSample> samples) => Samples = samples;

    /// <summary>The samples, by file name.</summary>
    public IReadOnlyList<GoldenSample> Samples { get; }

    /// <summary>Reads the samples of a package; a package without the folder has none.</summary>
    /// <param name="package">The package's folder.</param>
    /// <exception cref="PluginException">A file is no sample; the text names it.</exception>
    public static GoldenFolder Read(string package)
    {
        ArgumentNullException.ThrowIfNull(package);
        string folder = Path.Combine(package, Name);
        if (!Directory.Exists(folder))
            return new GoldenFolder([]);
        string[] files = [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)];
        if (files.Length > MaxSamples)
            throw new PluginException($"{folder}: {files.Length} samples, expected at most {MaxSamples}");
        return new GoldenFolder([.. files.Select(Parse)]);
    }

    private static GoldenSample Parse(string path)
    {
        string where = $"{Name}/{Path.GetFileName(path)}";
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxJsonBytes)
                throw new PluginException($"{where}: {length} bytes, expected at most {MaxJsonBytes}");
            GoldenSample sample = JsonSerializer.Deserialize(File.ReadAllBytes(path), GoldenJson.Default.GoldenSample)
                ?? throw new PluginException($"{where}: expected an object, found null");
            sample.Path = path;
            return sample;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{where}: {e.Message}");
        }
    }
}
