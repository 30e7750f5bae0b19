using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Bench;

/// <summary>Decode of weights that are stored as floats beside the memory itself: products of one activation row with a matrix that is larger than the caches, and the same number of bytes only read, in turn.</summary>
internal static unsafe class ReadBench
{
    private const int Columns = 4096, BlockRows = 64, Passes = 25;
    private const long Bytes = 128L << 20;
    private static readonly string[] Types = ["f16", "bf16", "f32"];

    public static void Run()
    {
        Console.WriteLine($"floats, GB/s of {Bytes >> 20} MB, {Columns} columns, best and median: one thread (processor time), two threads (wall), and both medians in relation to reading alone");
        CpuIsa isa = CpuIsa.Detect();
        List<Pass> passes = [];
        foreach (IQuantization type in Weights.Select(Types))
            if (RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel))
                passes.Add(new Pass(type, kernel, isa));
        // Reads what the first type's product reads.
        passes.Insert(0, new Pass(passes[0]));
        double[][] one = Interleaved(passes, 1), two = Interleaved(passes, 2);
        for (int i = 0; i < passes.Count; i++)
            Console.WriteLine($"{passes[i].Name,-6} {Rate(one[i])}   {Rate(two[i])}   {one[0][Passes / 2] / one[i][Passes / 2],5:F2} {two[0][Passes / 2] / two[i][Passes / 2],5:F2}");
        passes.ForEach(p => p.Dispose());
    }

    /// <summary>Reading alone.</summary>
    public static void RunLimit()
    {
        IQuantization type = Weights.Select(Types).First();
        CpuIsa isa = CpuIsa.Detect();
        if (!RowDotTable.TryGet(type.Id, isa, out RowDotKernel kernel))
            return;
        using Pass weights = new(type, kernel, isa), read = new(weights);
        Console.WriteLine($"{read.Name,-18} {Rate(Interleaved([read], 1)[0])}   {Rate(Interleaved([read], 2)[0])}");
    }

    private static double[][] Interleaved(List<Pass> passes, int threads)
    {
        double[][] seconds = [.. passes.Select(_ => new double[Passes])];
        foreach (Pass pass in passes)
            pass.Seconds(threads);
        for (int i = 0; i < Passes; i++)
            for (int p = 0; p < passes.Count; p++)
                seconds[p][i] = passes[p].Seconds(threads);
        foreach (double[] times in seconds)
            Array.Sort(times);
        return seconds;
    }

    private static string Rate(double[] seconds) => $"{Bytes / seconds[0] / 1e9,6:F1} {Bytes / seconds[Passes / 2] / 1e9,6:F1}";

    private sealed class Pass : IDisposable
    {
        private readonly Weights _weights;
        private readonly RowDotKernel _kernel;
        private readonly NativeBlock? _activation;
        private readonly NativeBlock _output;
        private readonly int _rows;
        private readonly bool _readsOnly;
        private int _next;

        public Pass(IQuantization type, RowDotKernel kernel, CpuIsa isa)
        {
            _rows = (int)(Bytes / Weights.BytesOfRow(type, Columns));
            (Name, _kernel, _weights, _output) = (type.Id, kernel, new Weights(type, _rows, Columns), new NativeBlock((long)_rows * sizeof(float)));
            _activation = Activations.Rows(1, Columns, kernel.Form, isa);
        }

        /// <summary>Reads the weights of another one.</summary>
        public Pass(Pass other) => (Name, _readsOnly, _weights, _rows, _output) = ("read", true, other._weights, other._rows, new NativeBlock((long)other._rows * sizeof(float)));

        public string Name { get; }

        public double Seconds(int threads)
        {
            _next = 0;
            if (threads == 1)
            {
                double before = Machine.ThreadSeconds();
                Work();
                return Machine.ThreadSeconds() - before;
            }
            using Barrier ready = new(threads);
            Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(_ => new Thread(() =>
            {
                ready.SignalAndWait();
                Work();
            }))];
            foreach (Thread thread in others)
                thread.Start();
            ready.SignalAndWait();
            long start = Stopwatch.GetTimestamp();
            Work();
            foreach (Thread thread in others)
                thread.Join();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        public void Dispose()
        {
            if (!_readsOnly)
                _weights.Dispose();
            _activation?.Dispose();
            _output.Dispose();
        }

        private void Work()
        {
            for (int first = Interlocked.Add(ref _next, BlockRows) - BlockRows; first < _rows; first = Interlocked.Add(ref _next, BlockRows) - BlockRows)
            {
                int count = Math.Min(BlockRows, _rows - first);
                byte* data = _weights.Data + (long)first * _weights.RowBytes;
                float* output = (float*)_output.Bytes + first;
                if (_readsOnly)
                    *output = Read(data, (long)count * _weights.RowBytes);
                else
                    _kernel.Dot(data, _weights.RowBytes, count, Columns, _activation!.Bytes, output);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static float Read(byte* data, long bytes)
        {
            Vector256<int> a = default, b = default, c = default, d = default;
            for (byte* end = data + bytes; data < end; data += 128)
            {
                a ^= Vector256.Load((int*)data);
                b ^= Vector256.Load((int*)data + 8);
                c ^= Vector256.Load((int*)data + 16);
                d ^= Vector256.Load((int*)data + 24);
            }
            return Vector256.Sum(a ^ b ^ c ^ d);
        }
    }
}
