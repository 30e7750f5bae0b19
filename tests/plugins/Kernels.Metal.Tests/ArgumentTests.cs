using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Tests;

/// <summary>The argument structs are the same on both sides: the compiled text itself says where it has each field.</summary>
public sealed class ArgumentTests
{
    private static readonly Type[] Structs = [.. typeof(EmbedArguments).Assembly.GetTypes().Where(t => t is { IsValueType: true, Namespace: "Tessera.Kernels.Metal" } && t.Name.EndsWith("Arguments", StringComparison.Ordinal))];

    [Fact]
    public void Sizes_and_offsets_agree()
    {
        Assert.Equal(10, Structs.Length);
        StringBuilder text = new();
        List<(string What, int Value)> expected = [];
        foreach (Type type in Structs)
        {
            Add($"sizeof({type.Name})", Marshal.SizeOf(type));
            foreach (FieldInfo field in type.GetFields())
                Add($"__builtin_offsetof({type.Name}, {char.ToLowerInvariant(field.Name[0])}{field.Name[1..]})", (int)Marshal.OffsetOf(type, field.Name));
        }
        string source = $"{KernelText.Of()}\nkernel void layout(device int * y [[buffer(0)]], uint at [[thread_position_in_grid]])\n{{\n{text}}}\n";
        using Gpu gpu = new();
        DeviceBuffer y = gpu.New<int>(expected.Count);
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(source, "layout")).Bind(0, y.At(0)).Run(1, 1, 1, 1));
        Assert.Equal(expected, expected.Zip(Gpu.Get<int>(y, expected.Count), (e, found) => (e.What, found)));

        void Add(string what, int value)
        {
            text.Append("    y[").Append(expected.Count).Append("] = (int)").Append(what).Append(";\n");
            expected.Add((what, value));
        }
    }

    [Fact]
    public void Every_struct_of_the_text_is_there()
    {
        int count = KernelText.Of().Split('\n').Count(l => l.StartsWith("struct ", StringComparison.Ordinal));
        Assert.Equal(Structs.Length, count);
    }

    [Fact]
    public void Equal_texts_are_compiled_once_and_errors_name_the_kernel()
    {
        using Gpu gpu = new();
        Pipeline one = gpu.Device.Pipelines.Get(KernelText.Of("gate"), "gate");
        Assert.Same(one, gpu.Device.Pipelines.Get(new string(KernelText.Of("gate")), "gate"));
        Assert.Equal(1, gpu.Device.Pipelines.Compiled);
        Assert.Contains("'nothing'", Assert.Throws<KernelCompileException>(() => gpu.Device.Pipelines.Get(KernelText.Of("gate"), "nothing")).Message, StringComparison.Ordinal);
        Assert.Contains("'wrong'", Assert.Throws<KernelCompileException>(() => gpu.Device.Pipelines.Get($"{KernelText.Of("gate")}\nkernel void wrong(device int * y [[buffer(0)]]) {{ threadgroup int * p = y; }}\n", "wrong")).Message, StringComparison.Ordinal);
    }
}
