using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Graphs;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions.Quantization;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Jit;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transcoding;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Quant.CompressedTensors;
using Tessera.Quant.Ggml;
using Tessera.Quant.Gptq;
using Tessera.Quant.Mlx;
using Tessera.Quant.Mx;

namespace Tessera.Kernels.Bench;

/// <summary>Decode of quantized Hugging Face folders beside Q4_K: one activation row and matrices that are larger than the caches, in the blocks that the product takes; billions of weights a second. The types take turns, pass by pass.</summary>
internal static unsafe class PackedBench
{
    private const int Passes = 15, Several = 3;
    private const string Measure = "q4_k", MachineCode = "jit";

    // As many weights as that are multiplied in a pass, matrix after matrix as in a model: none is in a cache when its turn comes, and threads start once for all.
    private const long WeightsOfPass = 128 << 20;

    // A shape such as 8192x8192 among the types is another one: how far lines of words are apart matters.
    private static int Rows = 14336, Columns = 4096;

    // Bytes behind a line of memory at which words of a file may begin.
    private const int Behind = 8;

    private static Packed Awq => new("awq4", [("data", 4.0 / 8), ("zeros", 0.5 / 128), ("scales", 2.0 / 128)], ("group", "128"), ("scale_type", "f16"));

    private static Packed[] Types =>
    [
        new(Measure, []),
        new("mlx_affine4", [("data", 4.0 / 8), ("scales", 2.0 / 64), ("biases", 2.0 / 64)], ("group", "64"), ("scale_type", "bf16")),
        new("mlx_affine3", [("data", 3.0 / 8), ("scales", 2.0 / 64), ("biases", 2.0 / 64)], ("group", "64"), ("scale_type", "bf16")),
        new("mlx_affine6", [("data", 6.0 / 8), ("scales", 2.0 / 64), ("biases", 2.0 / 64)], ("group", "64"), ("scale_type", "bf16")),
        new("mlx_affine8", [("data", 1), ("scales", 2.0 / 64), ("biases", 2.0 / 64)], ("group", "64"), ("scale_type", "bf16")),
        Gptq(),
        Gptq() with { At = Behind },
        Gptq() with { Anew = true },
        Gptq(("group_index", 4.0 / Rows)),
        Gptq(("group_index", 4.0 / Rows)) with { Anew = true },
        Awq,
        Awq with { At = Behind },
        Awq with { Anew = true },
        new("ct_packed4", [("data", 4.0 / 8), ("scales", 2.0 / 128)], ("group", "128"), ("scale_type", "bf16")),
        new("mx_fp4", [("data", 4.0 / 8), ("scales", 1.0 / 32)]),
        // A type of another author's: described, unpacked by its plugin alone, and written anew.
        new("sample3", []),
        new("sample3_unpack", []),
        new("sample3", []) { Anew = true },
    ];

    private static Packed Gptq(params (string Name, double Bytes)[] more) =>
        new("gptq4", [("data", 4.0 / 8), ("zeros", 0.5 / 128), ("scales", 2.0 / 128), .. more], ("group", "128"), ("scale_type", "f16"), ("zero_offset", "1"));

    public static void Run(string[] names)
    {
        if (Array.Find(names, n => char.IsAsciiDigit(n[0])) is { } shape)
        {
            (Rows, Columns) = (int.Parse(shape.Split('x')[0], CultureInfo.InvariantCulture), int.Parse(shape.Split('x')[1], CultureInfo.InvariantCulture));
            names = [.. names.Except([shape])];
        }
        Console.WriteLine($"packed, G weights/s, {Matrices} matrices of {Rows} × {Columns}, one activation row, best and median: one thread (processor time), two threads (wall), and both bests in relation to {Measure}; time of {Several} activation rows / time of one; tiles of 512 activation rows, G multiply-adds/s");
        QuantizationTable table = new();
        CpuIsa isa = CpuIsa.Detect();
        // As the product computes by default.
        ITileSource[] sources = names.Contains(MachineCode) ? [new JitTileSource()] : [];
        names = [.. names.Except([MachineCode])];
        using NativeTiles tiles = new(sources, isa);
        using NativeRowDots rowDots = new(sources, isa);
        List<Bench> benches = [.. Types.Where(t => names.Length == 0 || t.Id == Measure || names.Any(n => t.Id == n || t.Id.StartsWith($"{n}_", StringComparison.Ordinal))).Select(t => new Bench(t, table, isa, tiles, rowDots))];
        double[][] one = Interleaved(benches, 1, 1), two = Interleaved(benches, 2, 1), several = Interleaved(benches, 1, Several);
        for (int i = 0; i < benches.Count; i++)
            Console.WriteLine($"{benches[i].Name,-24} {Rate(one[i])}   {Rate(two[i])}   {one[0][0] / one[i][0],5:F2} {two[0][0] / two[i][0],5:F2}   {several[i][0] / one[i][0],5:F2}   {benches[i].Tiles(isa)}   {benches[i].How}");
        benches.ForEach(b => b.Dispose());
    }

    private static double[][] Interleaved(List<Bench> benches, int threads, int rows)
    {
        double[][] seconds = [.. benches.Select(_ => new double[Passes])];
        foreach (Bench bench in benches)
            bench.Pass(threads, rows);
        for (int pass = 0; pass < Passes; pass++)
            for (int i = 0; i < benches.Count; i++)
                seconds[i][pass] = benches[i].Pass(threads, rows);
        foreach (double[] times in seconds)
            Array.Sort(times);
        return seconds;
    }

    private static int Matrices => (int)Math.Max(1, WeightsOfPass / ((long)Rows * Columns));

    private static string Rate(double[] seconds) => $"{(double)Matrices * Rows * Columns / seconds[0] / 1e9,6:F1} {(double)Matrices * Rows * Columns / seconds[Passes / 2] / 1e9,6:F1}";

    /// <summary>A type with its parts' bytes for each weight.</summary>
    private sealed record Packed(string Id, (string Name, double Bytes)[] Parts, params (string Name, string Value)[] Parameters)
    {
        /// <summary>Whether it is written anew at load, as the backend's option <c>transcode</c> has it.</summary>
        public bool Anew { get; init; }

        /// <summary>Bytes behind a line of memory at which its parts begin.</summary>
        public int At { get; init; }
    }

    private sealed record Node() : GraphNode("bench", new GraphValue(1, "out", Rows))
    {
        public override string Operation => Operations.Linear;

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }

    private sealed class QuantizationTable : IQuantizationRegistry
    {
        private readonly IQuantization[] _all = Load();

        public IQuantization? Find(string id) => Array.Find(_all, q => q.Id == id);

        private static IQuantization[] Load()
        {
            ServiceCollection services = new();
            foreach (IPlugin plugin in (IPlugin[])[new QuantGgmlPlugin(), new QuantMlxPlugin(), new QuantMxPlugin(), new QuantGptqPlugin(), new QuantCompressedTensorsPlugin(), new global::Quant.Sample.Plugin()])
                plugin.Configure(services, new Dictionary<string, string>());
            return [.. services.BuildServiceProvider().GetServices<IQuantization>()];
        }
    }

    private sealed class File(NativeBlock memory) : IModelFile
    {
        public string Name => "bench";

        public long Length => memory.Length;

        public byte* Data => memory.Bytes;
    }

    private sealed class Bench : IDisposable
    {
        private readonly List<IDisposable> _blocks = [];
        private readonly LinearKernel[] _kernels;
        private readonly NativeBlock _prepared, _output;
        private readonly NativeBlock[] _scratch;
        private readonly NativeArena _arena = new();
        private readonly int _rows;
        private readonly int[] _next = new int[Matrices];

        public Bench(Packed type, QuantizationTable table, CpuIsa isa, NativeTiles tiles, NativeRowDots rowDots)
        {
            List<string> said = [];
            Name = type.Id + (type.Parts.Any(p => p.Name == "group_index") ? " act-order" : "") + (type.At > 0 ? $" at {type.At}" : "") + (type.Anew ? " anew" : "");
            using InlineWorkTeam team = new(2);
            KernelChoice choice = new(table, ActivationPrecision.Fast, isa, tiles, rowDots, said, type.Anew ? new Transcoder(team, _arena) : null);
            _kernels = [.. _next.Select(_ => choice.Choose(new Node(), Matrix(type, table)))];
            How = said[^1][(said[^1].IndexOf(": ", StringComparison.Ordinal) + 2)..];
            _rows = Product.BlockSize(_kernels[0], Rows, 2, RowPath.Few, new LaneSizes());
            _prepared = new NativeBlock(_kernels[0].Preparation.Bytes(Columns));
            _output = new NativeBlock((long)Rows * Several * sizeof(float));
            _scratch = [.. Enumerable.Range(0, 2).Select(_ => new NativeBlock(Math.Max(64, _kernels[0].ScratchBytes(_rows))))];
            float[] x = new float[Columns];
            fixed (float* to = x)
            {
                Activations.Fill(to, Columns);
                _kernels[0].Preparation.Prepare(to, Columns, _prepared.Bytes);
            }
        }

        public string Name { get; }

        public string How { get; }

        /// <summary>Seconds of a product of each matrix; of one thread, its processor time, where the system tells it.</summary>
        public double Pass(int threads, int rows)
        {
            Array.Clear(_next);
            if (threads == 1)
            {
                double before = Machine.ThreadSeconds();
                Work(0, rows);
                return Machine.ThreadSeconds() - before;
            }
            using Barrier ready = new(threads);
            long start;
            Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(lane => new Thread(() =>
            {
                ready.SignalAndWait();
                Work(lane, rows);
            }))];
            foreach (Thread thread in others)
                thread.Start();
            start = Stopwatch.GetTimestamp();
            ready.SignalAndWait();
            Work(0, rows);
            foreach (Thread thread in others)
                thread.Join();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        /// <summary>The rate of tiles, as prefill uses them.</summary>
        public string Tiles(CpuIsa isa) => _kernels[0].Tile is { } tile ? TileBench.Measure(_kernels[0].Preparation, tile, Columns, isa, 512) : "no tiles";

        public void Dispose()
        {
            _blocks.ForEach(b => b.Dispose());
            _prepared.Dispose();
            _output.Dispose();
            _arena.Dispose();
            foreach (NativeBlock scratch in _scratch)
                scratch.Dispose();
        }

        private void Work(int lane, int rows)
        {
            for (int matrix = 0; matrix < _kernels.Length; matrix++)
                for (int first = Next(matrix); first < Rows; first = Next(matrix))
                {
                    int count = Math.Min(_rows, Rows - first);
                    _kernels[matrix].Begin(first, count, _scratch[lane].Bytes);
                    _kernels[matrix].Multiply(first, count, _scratch[lane].Bytes, _prepared.Bytes, 0, rows, (float*)_output.Bytes + first, Rows);
                }
        }

        private int Next(int matrix) => Interlocked.Add(ref _next[matrix], _rows) - _rows;

        private WeightTensor Matrix(Packed type, QuantizationTable table) => type.Parts.Length == 0 ? Own(table.Find(type.Id)!) : new WeightTensor
        {
            Name = "bench",
            Shape = [Rows, Columns],
            Quantization = type.Id,
            Parameters = type.Parameters.ToDictionary(p => p.Name, p => p.Value),
            Parts = [.. type.Parts.Select(p => Part(p, type.At))],
        };

        private WeightTensor Own(IQuantization type)
        {
            Weights weights = new(type, Rows, Columns);
            _blocks.Add(weights);
            return weights.Tensor;
        }

        // Random codes; scales near 0.01, and groups that are scattered over the columns.
        private WeightPart Part((string Name, double Bytes) part, int at)
        {
            NativeBlock block = new((long)(part.Bytes * Rows * Columns) + at);
            _blocks.Add(block);
            Span<byte> bytes = new(block.Bytes + at, (int)block.Length - at);
            if (part.Name == "group_index")
            {
                for (int i = 0; i < Columns; i++)
                    ((int*)block.Bytes)[i] = i / 128;
                new Random(2).Shuffle(new Span<int>(block.Bytes, Columns));
            }
            else if (part.Name is "scales" or "biases")
                for (int i = 0; i < bytes.Length; i++)
                    bytes[i] = (byte)(i % 2 == 0 ? i : 0x3c);
            else
                new Random(1).NextBytes(bytes);
            return new WeightPart(part.Name, new File(block), at, block.Length - at);
        }
    }
}
