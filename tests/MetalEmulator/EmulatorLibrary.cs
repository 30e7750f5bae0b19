using System.Runtime.InteropServices;
using System.Text;

namespace Tessera.MetalEmulator;

/// <summary>The emulator's native library and what a test may ask it.</summary>
internal sealed unsafe class EmulatorLibrary
{
    private readonly delegate* unmanaged<byte*, byte*, int> _set;
    private readonly delegate* unmanaged<byte*, long> _counter;
    private readonly delegate* unmanaged<void> _resetCounters, _clearFindings;
    private readonly delegate* unmanaged<long> _findingCount;
    private readonly delegate* unmanaged<nint> _liveObjects;
    private readonly delegate* unmanaged<long, byte*, long, long> _finding;
    private readonly delegate* unmanaged<byte*, long, long> _living;
    private readonly delegate* unmanaged<byte*, byte*, byte*, long, int> _preprocess, _syntaxTree;

    private EmulatorLibrary(EmulatorTools tools)
    {
        Folder = EmulatorBuild.Folder(tools);
        Handle = NativeLibrary.Load(EmulatorBuild.Library(Folder));
        _set = (delegate* unmanaged<byte*, byte*, int>)Export("metal_emu_set");
        _counter = (delegate* unmanaged<byte*, long>)Export("metal_emu_counter");
        _resetCounters = (delegate* unmanaged<void>)Export("metal_emu_reset_counters");
        _clearFindings = (delegate* unmanaged<void>)Export("metal_emu_clear_findings");
        _findingCount = (delegate* unmanaged<long>)Export("metal_emu_finding_count");
        _liveObjects = (delegate* unmanaged<nint>)Export("metal_emu_live_objects");
        _finding = (delegate* unmanaged<long, byte*, long, long>)Export("metal_emu_finding");
        _living = (delegate* unmanaged<byte*, long, long>)Export("metal_emu_living");
        _preprocess = (delegate* unmanaged<byte*, byte*, byte*, long, int>)Export("metal_emu_preprocess");
        _syntaxTree = (delegate* unmanaged<byte*, byte*, byte*, long, int>)Export("metal_emu_syntax_tree");
        Set("clang", tools.Clang);
        Set("linker", tools.Linker);
        Set("shim", EmulatorBuild.Shim);
        Set("cache", Folder);
    }

    private static readonly Lazy<EmulatorLibrary> Loaded = new(() => new EmulatorLibrary(EmulatorTools.Found!));

    /// <summary>The library, built and loaded on first use. The tools must be here.</summary>
    public static EmulatorLibrary Instance => Loaded.Value;

    public nint Handle { get; }

    public string Folder { get; }

    public long LiveObjects => _liveObjects();

    public string Living => Text((buffer, capacity) => _living((byte*)buffer, capacity));

    public IReadOnlyList<string> Findings =>
        [.. Enumerable.Range(0, (int)_findingCount()).Select(i => Text((buffer, capacity) => _finding(i, (byte*)buffer, capacity)))];

    public void ClearFindings() => _clearFindings();

    public void ResetCounters() => _resetCounters();

    public void Set(string name, string value)
    {
        fixed (byte* n = Utf8(name), v = Utf8(value))
            if (_set(n, v) == 0)
                throw new ArgumentException($"the emulator has no setting {name} = '{value}'");
    }

    public long Counter(string name)
    {
        fixed (byte* n = Utf8(name))
            return _counter(n) is >= 0 and long count ? count : throw new ArgumentException($"the emulator has no counter '{name}'");
    }

    /// <summary>The preprocessed source; where the compiler refuses it, null and its words.</summary>
    public string? Preprocess(string source, out string error) => ThroughFile(_preprocess, source, out error);

    /// <summary>clang's dump of the source's syntax tree; where the compiler, or a rule for kernels, refuses the source, null and why.</summary>
    public string? SyntaxTree(string source, out string error) => ThroughFile(_syntaxTree, source, out error);

    private string? ThroughFile(delegate* unmanaged<byte*, byte*, byte*, long, int> call, string source, out string error)
    {
        string path = Path.Combine(Folder, $"out.{Environment.ProcessId}.{Guid.NewGuid():N}");
        byte[] words = new byte[1 << 14];
        int done;
        fixed (byte* s = Utf8(source), p = Utf8(path), w = words)
            done = call(s, p, w, words.Length);
        error = Encoding.UTF8.GetString(words.AsSpan(0, Array.IndexOf(words, (byte)0)));
        if (done == 0)
            return null;
        string text = File.ReadAllText(path);
        File.Delete(path);
        return text;
    }

    private nint Export(string name) => NativeLibrary.GetExport(Handle, name);

    private static byte[] Utf8(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    private delegate long Fill(nint buffer, long capacity);

    private static string Text(Fill fill)
    {
        byte[] buffer = new byte[1 << 14];
        fixed (byte* b = buffer)
            return Encoding.UTF8.GetString(buffer.AsSpan(0, (int)Math.Min(buffer.Length, fill((nint)b, buffer.Length))));
    }
}
