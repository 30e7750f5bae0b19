using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Rotations of heads, and how queries, keys and values come to attention, against double precision.</summary>
public sealed class RotationTests
{
    private const double FloatTolerance = 1e-6, HalfTolerance = 2e-3;
    private const int Rows = 4;

    [Theory]
    [InlineData(3, 16, 8, 0, true)]
    [InlineData(2, 33, 7, 5, false)]
    [InlineData(2, 31, 3, 25, true)]
    [InlineData(1, 7, 0, 0, false)]
    public void Heads_turn(int heads, int length, int pairs, int offset, bool isInterleaved)
    {
        Turn turn = new(pairs, offset, isInterleaved, 0.3);
        float[] x = Numbers.Floats(Rows * heads * length, 1), found = Gpu.InEveryOrder<float>(gpu => Rope(gpu, turn, x, heads, length));
        Assert.InRange(Numbers.Relative(turn.Of(x, heads, length), found), 0, FloatTolerance);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Queries_turn_and_keys_and_values_come_to_their_places_in_the_cache(bool isHalf, bool isInterleaved)
    {
        PrepareCase one = new(isHalf, isInterleaved);
        one.Compare(Gpu.InEveryOrder<float>(one.Run), isHalf ? HalfTolerance : FloatTolerance);
    }

    /// <summary>Both, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        foreach (bool isInterleaved in (bool[])[false, true])
        {
            Turn turn = new(3, 5, isInterleaved, 0.3);
            float[] x = Numbers.Floats(Rows * 2 * 13, 1);
            Assert.InRange(Numbers.Relative(turn.Of(x, 2, 13), Rope(gpu, turn, x, 2, 13)), 0, FloatTolerance);
        }
        PrepareCase one = new(isHalf: false, isInterleaved: true);
        one.Compare(one.Run(gpu), FloatTolerance);
    }

    private static float[] Rope(Gpu gpu, Turn turn, float[] x, int heads, int length)
    {
        DeviceBuffer input = gpu.Put<float>(x), turns = gpu.Put<float>(turn.Floats()), y = gpu.New<float>(x.Length);
        PrepareArguments arguments = new() { Heads = (uint)heads, KeyLength = (uint)length, Pairs = (uint)turn.Pairs, Offset = (uint)turn.Offset, IsInterleaved = turn.IsInterleaved ? 1u : 0u };
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("turns", "rope"), "rope")).Bind(0, input.At(0)).Bind(1, turns.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(heads * length, Rows));
        return Gpu.Get<float>(y, x.Length);
    }

    /// <summary>The turns of a few rows: pairs of a head's elements, from an offset on.</summary>
    private sealed record Turn(int Pairs, int Offset, bool IsInterleaved, double Step)
    {
        /// <summary>For each row the cosines of the elements that turn, then their sines, with the sign that each has.</summary>
        public float[] Floats() => [.. Enumerable.Range(0, Rows).SelectMany(row => Elements().Select(e => Math.Cos(Angle(row, e.Pair))).Concat(Elements().Select(e => (e.IsFirst ? -1 : 1) * Math.Sin(Angle(row, e.Pair)))).Select(v => (float)v))];

        public double[] Of(float[] x, int heads, int length)
        {
            double[] y = [.. x.Select(v => (double)v)];
            for (int head = 0; head < Rows * heads; head++)
                for (int pair = 0; pair < Pairs; pair++)
                {
                    int one = head * length + Offset + (IsInterleaved ? 2 * pair : pair), two = one + (IsInterleaved ? 1 : Pairs);
                    (double sin, double cos) = Math.SinCos(Angle(head / heads, pair));
                    (y[one], y[two]) = (x[one] * cos - x[two] * sin, x[two] * cos + x[one] * sin);
                }
            return y;
        }

        private IEnumerable<(int Pair, bool IsFirst)> Elements() => Enumerable.Range(0, 2 * Pairs).Select(e => IsInterleaved ? (e / 2, e % 2 == 0) : (e % Pairs, e < Pairs));

        private double Angle(int row, int pair) => (row + 1) * (0.7 + Step * pair);
    }

    /// <summary>Rows of two sequences, whose blocks lie in two buffers.</summary>
    private sealed class PrepareCase(bool isHalf, bool isInterleaved)
    {
        private const int Heads = 3, KeyHeads = 2, Key = 10, Value = 6, BlockTokens = 4, TableLength = 3, Second = 1 << 28;
        private const int KeyStart = 2, ValueStart = KeyStart + KeyHeads * BlockTokens * Key, Stride = ValueStart + KeyHeads * BlockTokens * Value + 1;

        private static readonly int[] Slots = [0, 1, 0, 1], Indices = [0, 9, 5, 2], Tables = [Second + 1, 2, -1, 0, -1, Second], BlocksOf = [3, 2];

        private readonly Turn _query = new(4, 1, isInterleaved, 0.3), _key = new(3, 2, !isInterleaved, 0.4);
        private readonly float[] _q = Numbers.Floats(Rows * Heads * Key, 1), _k = Numbers.Floats(Rows * KeyHeads * Key, 2), _v = Numbers.Floats(Rows * KeyHeads * Value, 3);

        /// <summary>The queries, then all of the cache.</summary>
        public float[] Run(Gpu gpu)
        {
            DeviceBuffer q = gpu.New<float>(_q.Length);
            DeviceBuffer[] slabs = [.. BlocksOf.Select(blocks => isHalf ? gpu.New<Half>(blocks * Stride) : gpu.New<float>(blocks * Stride))];
            gpu.Run(c =>
            {
                for (int i = 0; i < CacheArena.MaxSlabs; i++)
                    c.Bind(CacheArena.FirstIndex + i, slabs[Math.Min(i, 1)].At(0));
                c.Use(gpu.Device.Pipelines.Get(KernelText.Attention(Key, Value, isHalf), "prepare")).Bind(0, gpu.Put<float>(_q).At(0)).Bind(1, gpu.Put<float>(_k).At(0)).Bind(2, gpu.Put<float>(_v).At(0))
                    .Bind(3, gpu.Put<float>(_query.Floats()).At(0)).Bind(4, gpu.Put<float>(_key.Floats()).At(0)).Bind(5, gpu.Put<int>(Slots).At(0)).Bind(6, gpu.Put<int>(Indices).At(0)).Bind(7, gpu.Put<int>(Tables).At(0))
                    .Bind(8, q.At(0)).Bind(10, Arguments).RunElements(Heads * Key + KeyHeads * (Key + Value), Rows);
            });
            return [.. Gpu.Get<float>(q, _q.Length), .. slabs.SelectMany((s, i) => isHalf ? Gpu.Get<Half>(s, BlocksOf[i] * Stride).Select(v => (float)v) : Gpu.Get<float>(s, BlocksOf[i] * Stride))];
        }

        /// <summary>What nobody writes is still NaN.</summary>
        public void Compare(float[] found, double tolerance)
        {
            double[] expected = [.. _query.Of(_q, Heads, Key), .. Cache()];
            Assert.Equal(expected.Select(double.IsNaN), found.Select(float.IsNaN));
            Assert.InRange(Numbers.Relative([.. expected.Where(v => !double.IsNaN(v))], [.. found.Where(v => !float.IsNaN(v))]), 0, tolerance);
        }

        private PrepareArguments Arguments => new()
        {
            Heads = Heads,
            KeyHeads = KeyHeads,
            KeyLength = Key,
            ValueLength = Value,
            Pairs = (uint)_query.Pairs,
            Offset = (uint)_query.Offset,
            IsInterleaved = _query.IsInterleaved ? 1u : 0u,
            KeyPairs = (uint)_key.Pairs,
            KeyOffset = (uint)_key.Offset,
            KeyIsInterleaved = _key.IsInterleaved ? 1u : 0u,
            BlockTokens = BlockTokens,
            TableLength = TableLength,
            BlockStride = Stride,
            KeyStart = KeyStart,
            ValueStart = ValueStart,
        };

        private double[] Cache()
        {
            double[] cache = new double[BlocksOf.Sum() * Stride], keys = _key.Of(_k, KeyHeads, Key);
            Array.Fill(cache, double.NaN);
            for (int row = 0; row < Rows; row++)
            {
                int number = Tables[Slots[row] * TableLength + Indices[row] / BlockTokens], block = (number >= Second ? BlocksOf[0] + number - Second : number) * Stride;
                for (int h = 0; h < KeyHeads; h++)
                {
                    int entry = h * BlockTokens + Indices[row] % BlockTokens, from = row * KeyHeads + h;
                    for (int i = 0; i < Key; i++)
                        cache[block + KeyStart + entry * Key + i] = keys[from * Key + i];
                    for (int i = 0; i < Value; i++)
                        cache[block + ValueStart + entry * Value + i] = _v[from * Value + i];
                }
            }
            return cache;
        }
    }
}
