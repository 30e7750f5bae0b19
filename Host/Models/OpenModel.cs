using Tessera.Engine.Graphs;
using Tessera.Host.Files;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>A model whose files are open and described; its weights are in no use yet. Owns the files and the leases on the plugins that it has needed so far.</summary>
public sealed class OpenModel : IDisposable
{
    private const int HeaderBytes = 64;

    private OpenModel(ModelFiles files, PluginLeases leases, ModelSource source) => (Files, Leases, Source) = (files, leases, source);

    /// <summary>The files.</summary>
    public ModelFiles Files { get; }

    /// <summary>What they say.</summary>
    public ModelSource Source { get; }

    /// <summary>The quantizations of all plugins.</summary>
    public IQuantizationRegistry Quantizations => new LeasedQuantizations(Leases);

    /// <summary>The plugins in use, as id and version.</summary>
    public IReadOnlyList<(string Id, string Version)> Plugins => Leases.Held;

    internal PluginLeases Leases { get; }

    /// <summary>The plugin whose backend computes the model; null until one does.</summary>
    internal PluginGeneration? Backend { get; set; }

    /// <summary>Opens a model with the first format that says the file is its own.</summary>
    /// <param name="path">A file or folder.</param>
    /// <param name="plugins">The loaded plugins.</param>
    /// <param name="mmap">Whether files are mapped.</param>
    /// <param name="progress">Told about reading, or null.</param>
    /// <exception cref="ModelFormatException">The file is missing or breaks its format's rules.</exception>
    /// <exception cref="UnsupportedModelException">No loaded format knows the file.</exception>
    public static OpenModel Open(string path, PluginHost plugins, bool mmap, FileProgress? progress = null)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        return Open(ModelFiles.At(path, mmap, progress), plugins.Generations);
    }

    /// <summary>As the other, of files that it owns from now on, and with plugins of choice.</summary>
    internal static OpenModel Open(ModelFiles files, IReadOnlyList<PluginGeneration> plugins)
    {
        PluginLeases leases = new(plugins);
        try
        {
            IWeightFormat format = Probe(files, leases);
            return new(files, leases, Boundary.Call($"format '{format.Name}'", () => format.Open(files)));
        }
        catch
        {
            leases.Dispose();
            files.Dispose();
            throw;
        }
    }

    /// <summary>Builds the tokenizer with the first factory that knows its kind.</summary>
    /// <exception cref="UnsupportedModelException">The files hold none, or no loaded factory knows it.</exception>
    public ITokenizer CreateTokenizer()
    {
        TokenizerAssets assets = Source.Tokenizer
            ?? throw new UnsupportedModelException($"{Files.Name}: the model's files hold no tokenizer{string.Concat(Source.Faults.Select(f => $"; {f}"))}");
        return OpenTokenizer.Create(assets, Leases, Files.Name);
    }

    /// <summary>A tensor's quantization, after it has accepted the tensor.</summary>
    /// <exception cref="UnsupportedModelException">No loaded plugin provides it.</exception>
    /// <exception cref="ModelFormatException">The tensor breaks its rules.</exception>
    public IQuantization Quantization(WeightTensor tensor) =>
        Boundary.Call($"quantization '{tensor.Quantization}'", () => GraphCheck.Validate(tensor, Quantizations));

    /// <inheritdoc/>
    public void Dispose()
    {
        Leases.Dispose();
        Files.Dispose();
    }

    private static IWeightFormat Probe(ModelFiles files, PluginLeases leases)
    {
        IModelFile? file = files.IsFolder ? null : files.TryOpen(files.Name) ?? throw new ModelFormatException($"no such file: {files.Name}");
        byte[] header = file is null ? [] : Header(file);
        return leases.Find(c => c.Formats.FirstOrDefault(f => Boundary.Call($"format '{f.Name}'", () => files.IsFolder ? f is IFolderFormat folders && folders.ProbeFolder(files) : f.Probe(header, files.Name))))
            ?? throw new UnsupportedModelException($"{files.Name}: no loaded format knows this {(files.IsFolder ? "folder (a model's folder holds config.json and safetensors; of GGUF files, name one)" : "file")}; {leases.Loaded}");
    }

    private static unsafe byte[] Header(IModelFile file) =>
        new ReadOnlySpan<byte>(file.Data, (int)Math.Min(HeaderBytes, file.Length)).ToArray();
}
