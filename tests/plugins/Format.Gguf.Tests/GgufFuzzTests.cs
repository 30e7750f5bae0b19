namespace Tessera.Format.Gguf.Tests;

/// <summary>Damaged files: each opens or is refused with the typed error, within memory and time.</summary>
public sealed class GgufFuzzTests(ITestOutputHelper output)
{
    private const long MaxAllocated = 16 << 20;
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(10);

    private static readonly ulong[] Values =
        [0, 1, (1ul << 31) - 1, 1ul << 31, (1ul << 31) + 1, 1ul << 32, (1ul << 63) - 1, 1ul << 63, (1ul << 63) + 1, ulong.MaxValue];

    [Fact]
    public void Every_integer_set_to_extreme_values_opens_or_is_refused()
    {
        Tally tally = new();
        GgufImage image = SmallModel.Writer().AddArray("tessera.quantization.types", "x").Add("general.alignment", 32u).Build();
        Assert.True(image.Integers.Count > 100);
        foreach (GgufInteger field in image.Integers)
            foreach (ulong value in Values.Where(v => field.Width == 8 || v < 1ul << (8 * field.Width) || v == ulong.MaxValue).Distinct())
                tally.Try(image.With(field.Name, value), $"{field.Name} = {value}");
        tally.Print(output);
        Assert.True(tally.Opened > 0 && tally.Refused > 0);
    }

    [Fact]
    public void A_split_set_with_extreme_values_opens_or_is_refused()
    {
        Tally tally = new();
        (string Name, byte[] Bytes)[] set = SmallModel.Bare().ToSplit("s", 1, 0);
        foreach (string key in (string[])["split.no", "split.count", "split.tensors.count"])
            foreach (ulong value in Values)
            {
                byte[] bytes = [.. set[1].Bytes];
                int width = key == "split.tensors.count" ? 4 : 2;
                int at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(key)) + key.Length + 4;
                for (int i = 0; i < width; i++)
                    bytes[at + i] = (byte)(value >> (8 * i));
                tally.Try([set[0], (set[1].Name, bytes)], $"{key} = {value}");
                tally.Try([(set[1].Name, bytes), set[0]], $"{key} = {value}, opened by the second");
            }
        tally.Print(output);
        Assert.True(tally.Opened > 0 && tally.Refused > 0);
    }

    [Fact]
    public void Every_truncation_opens_or_is_refused()
    {
        Tally tally = new();
        byte[] file = SmallModel.Writer().ToBytes();
        for (int length = 0; length < file.Length; length++)
            tally.Try(file[..length], $"the first {length} of {file.Length} bytes");
        tally.Print(output);
        // The last tensor ends where the file ends.
        Assert.Equal((0, file.Length), (tally.Opened, tally.Refused));
    }

    [Fact]
    public void Every_byte_of_the_header_inverted_opens_or_is_refused()
    {
        Tally tally = new();
        byte[] file = SmallModel.Writer().ToBytes();
        for (int i = 0; i < file.Length; i++)
        {
            byte[] damaged = [.. file];
            damaged[i] ^= 0xFF;
            tally.Try(damaged, $"byte {i} inverted");
        }
        tally.Print(output);
        Assert.True(tally.Opened > 0 && tally.Refused > 0);
    }

    private sealed class Tally
    {
        public int Opened { get; private set; }

        public int Refused { get; private set; }

        private long _most;

        public void Try(byte[] file, string what) => Try([("test.gguf", file)], what);

        public void Try((string, byte[])[] set, string what)
        {
            using TestModelFiles files = new(set);
            long allocated = 0;
            Exception? error = null;
            Thread thread = new(() =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                error = Record.Exception(() => new GgufFormat().Open(files));
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            }) { IsBackground = true };
            thread.Start();
            Assert.True(thread.Join(Guard), $"{what}: not done after {Guard}");
            Assert.True(error is null or ModelFormatException or UnsupportedModelException, $"{what}: {error}");
            Assert.True(allocated < MaxAllocated, $"{what}: allocated {allocated} bytes");
            _most = Math.Max(_most, allocated);
            if (error is null)
                Opened++;
            else
                Refused++;
        }

        public void Print(ITestOutputHelper output) => output.WriteLine($"{Opened} opened, {Refused} refused; at most {_most} bytes allocated");
    }
}
