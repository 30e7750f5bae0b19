using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Kernels with a thread for each element.</summary>
public sealed class ElementTests
{
    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.Gelu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.ClampedSwiGlu)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Relu)]
    public void Gates_are_the_double_precision_ones(Activation activation)
    {
        const int Width = 37, Rows = 3;
        const float Limit = 4;
        float[] gate = [.. Numbers.Floats(Width * Rows, 1).Select(v => v * 8)], up = [.. Numbers.Floats(Width * Rows, 2).Select(v => v * 6)];
        float[] found = Gpu.InEveryOrder<float>(gpu =>
        {
            Pipeline pipeline = gpu.Device.Pipelines.Get(KernelText.Of("gate"), "gate");
            DeviceBuffer g = gpu.Put<float>(gate), u = gpu.Put<float>(up), y = gpu.New<float>(gate.Length);
            GateArguments arguments = new() { Width = Width, GateStride = Width, UpStride = Width, Step = 1, Activation = (uint)activation, HasUp = 1, Limit = Limit };
            gpu.Run(c => c.Use(pipeline).Bind(0, g.At(0)).Bind(1, u.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(Width, Rows));
            return Gpu.Get<float>(y, gate.Length);
        });
        Assert.InRange(Numbers.Relative([.. gate.Zip(up, (g, u) => Expected(activation, g, u, Limit))], found), 0, 1e-6);
    }

    [Fact]
    public void Gate_and_up_may_stand_by_turns_or_one_behind_the_other()
    {
        const int Width = 5, Rows = 2;
        float[] both = Numbers.Floats(2 * Width * Rows, 3);
        foreach ((uint step, uint offset) in ((uint, uint)[])[(2, 1), (1, Width)])
        {
            using Gpu gpu = new();
            Pipeline pipeline = gpu.Device.Pipelines.Get(KernelText.Of("gate"), "gate");
            DeviceBuffer x = gpu.Put<float>(both), y = gpu.New<float>(Width * Rows);
            GateArguments arguments = new() { Width = Width, GateStride = 2 * Width, UpStride = 2 * Width, Step = step, UpOffset = offset, HasUp = 1 };
            gpu.Run(c => c.Use(pipeline).Bind(0, x.At(0)).Bind(1, x.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(Width, Rows));
            double[] expected = [.. Enumerable.Range(0, Width * Rows).Select(i => Expected(Activation.Silu, both[i / Width * 2 * Width + i % Width * step], both[i / Width * 2 * Width + offset + i % Width * step], 0))];
            Assert.InRange(Numbers.Relative(expected, Gpu.Get<float>(y, Width * Rows)), 0, 1e-6);
        }
    }

    [Fact]
    public void Sums_factors_parts_and_rows_by_number_are_exact() => Assert.Equal(ExpectedElements(), Gpu.InEveryOrder<float>(Elements));

    /// <summary>Sums, factors, parts and rows by number, for tests of seeded bugs.</summary>
    internal static void CheckElements(Gpu gpu) => Assert.Equal(ExpectedElements(), Elements(gpu));

    // A part of 5 columns, 4 behind the first, of each of 3 groups.
    private const int Wide = 37, Many = 3, Groups = 3, Part = 5, Whole = 12, Behind = 4;
    private static readonly float[] A = Numbers.Floats(Many * Wide, 1), B = Numbers.Floats(Many * Wide, 2);
    private static readonly int[] Chosen = [2, 0, 2];

    private static float[] Elements(Gpu gpu)
    {
        DeviceBuffer a = gpu.Put<float>(A), b = gpu.Put<float>(B), chosen = gpu.Put<int>(Chosen);
        return
        [
            .. Element(gpu, "add", new() { Width = Wide }, a, b),
            .. Element(gpu, "scale", new() { Width = Wide, Factor = 0.25f }, a),
            .. Element(gpu, "slice", new() { Width = Groups * Part, InputWidth = Groups * Whole, Groups = Groups, Offset = Behind }, a),
            .. Element(gpu, "gather", new() { Width = Wide }, a, chosen),
        ];
    }

    private static float[] Element(Gpu gpu, string kernel, ElementArguments arguments, params DeviceBuffer[] inputs)
    {
        DeviceBuffer y = gpu.New<float>(Many * (int)arguments.Width);
        gpu.Run(c =>
        {
            for (int i = 0; i < inputs.Length; i++)
                c.Bind(i, inputs[i].At(0));
            c.Use(gpu.Device.Pipelines.Get(KernelText.Of("elements"), kernel)).Bind(inputs.Length, y.At(0)).Bind(inputs.Length + 1, arguments).RunElements(arguments.Width, Many);
        });
        return Gpu.Get<float>(y, Many * (int)arguments.Width);
    }

    private static float[] ExpectedElements() =>
    [
        .. A.Zip(B, (a, b) => a + b),
        .. A.Select(a => a * 0.25f),
        .. Enumerable.Range(0, Many * Groups).SelectMany(g => A.Skip(g * Whole + Behind).Take(Part)),
        .. Chosen.SelectMany(row => A.Skip(row * Wide).Take(Wide)),
    ];

    private static double Expected(Activation activation, double g, double u, double limit) => activation switch
    {
        Activation.Silu => g / (1 + Math.Exp(-g)) * u,
        Activation.Gelu => g * Phi(g) * u,
        Activation.GeluTanh => g / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) * u,
        Activation.ClampedSwiGlu => Math.Min(g, limit) / (1 + Math.Exp(-1.702 * Math.Min(g, limit))) * (Math.Clamp(u, -limit, limit) + 1),
        Activation.Tanh => Math.Tanh(g) * u,
        _ => Math.Max(g, 0) * u,
    };

    // The power series of the error function; enough for arguments below 9.
    private static double Phi(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= x * x / (2 * n + 1);
            sum += term;
        }
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
