using System.Diagnostics;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Resources;

/// <summary>Loading a model costs little more memory than its mapped file. Each type in a process of its own, where nothing that was freed before can be taken again unseen.</summary>
public sealed class MemoryTests(SharedStack stack)
{
    private const long LeastBytes = 48L << 20;
    private const int Width = 1024, Inner = 2816, FolderWidth = 256;

    public static TheoryData<string> Types => ["f32", "f16", "bf16", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q5_k", "q6_k", "iq4_xs", "mxfp4", "nf4"];

    /// <summary>
    /// One of each way to the product: columns of codes, columns in the order of their groups, rows of packed codes, the plugin's row dot, bytes unpacked by the plugin. Of the others AWQ shares the
    /// first, MLX the third, FP8 the fourth with one of these.
    /// </summary>
    private static readonly string[] s_usual = ["gptq", "gptq desc_act", "compressed-tensors", "bitsandbytes nf4", "bitsandbytes int8"];

    public static TheoryData<string> Schemes => [.. SeededFolder.Schemes.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Loading_and_running_a_model_grows_by_less_than_a_tenth_of_its_file(string type)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a process holds beside mapped files is read from /proc");
        using TemporaryFile small = new(), large = new();
        new SeededModel { Type = type, Layers = 1 }.Write(small.Path, stack.Host.Plugins);
        SeededModel model = new() { Type = type, Width = Width, Inner = Inner };
        long layer = SeededModel.Bytes(stack.Host.Plugins, type, model.LayerWeights);
        (model with { Layers = (int)((LeastBytes + layer - 1) / layer) }).Write(large.Path, stack.Host.Plugins);
        Assert.True(new FileInfo(large.Path).Length >= LeastBytes);
        string said = await ProbeAsync(small.Path, large.Path);
        TestContext.Current.TestOutputHelper?.WriteLine(said);
    }

    [Theory]
    [MemberData(nameof(Schemes))]
    public async Task Loading_and_running_a_quantized_folder_grows_by_less_than_a_tenth_of_its_files(string scheme)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a process holds beside mapped files is read from /proc");
        if (!s_usual.Contains(scheme))
            LongTests.Require();
        using TemporaryTree small = SeededFolder.Write(scheme, 1, FolderWidth, FolderWidth), none = SeededFolder.Write(scheme, 0, Width, Inner), one = SeededFolder.Write(scheme, 1, Width, Inner);
        long layer = MemoryProbe.Bytes(one.Path) - MemoryProbe.Bytes(none.Path);
        using TemporaryTree large = SeededFolder.Write(scheme, (int)((LeastBytes + layer - 1) / layer), Width, Inner);
        Assert.True(MemoryProbe.Bytes(large.Path) >= LeastBytes);
        TestContext.Current.TestOutputHelper?.WriteLine(await ProbeAsync(small.Path, large.Path));
    }

    private static async Task<string> ProbeAsync(string small, string large)
    {
        ProcessStartInfo start = new("dotnet", ["exec", typeof(MemoryTests).Assembly.Location, "-noColor", "-explicit", "only", "-class", typeof(MemoryProbe).FullName!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment[MemoryProbe.Small] = small;
        start.Environment[MemoryProbe.Large] = large;
        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(), errors = child.StandardError.ReadToEndAsync();
        await child.WaitForExitAsync();
        Assert.True(child.ExitCode == 0, $"exit code {child.ExitCode}\n{await output}\n{await errors}");
        Assert.Contains(MemoryProbe.Done, await errors, StringComparison.Ordinal);
        return await errors;
    }
}
