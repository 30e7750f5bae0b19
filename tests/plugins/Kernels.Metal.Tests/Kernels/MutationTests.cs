using Tessera.MetalEmulator.Mutations;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>The tests of kernels find seeded bugs: each edit of a kernel's own text is caught, and harmless ones are not.</summary>
public sealed class MutationTests
{
    private static readonly Dictionary<string, Action<Gpu>> Checks = new(StringComparer.Ordinal)
    {
        ["norm"] = NormTests.Check,
        ["attention"] = AttentionTests.Check,
        ["choice"] = ChoiceTests.Check,
        ["prefill"] = AttentionTests.CheckTiles,
        ["copies"] = ElementTests.CheckCopies,
        ["encoder"] = EncoderTests.Check,
        ["pool"] = EncoderTests.Check,
        ["concat"] = EncoderTests.CheckJoin,
        ["heads"] = EncoderTests.CheckHeads,
        ["experts"] = ExpertTests.Check,
        ["matmul"] = gpu => ProductTests.Check(gpu, "q8_0", tiles: true),
        ["matmul f32"] = gpu => ProductTests.Check(gpu, "f32", tiles: true),
    };

    private static readonly (string Check, string Name, string Find, string Replace, int Occurrence)[] Bugs =
    [
        ("norm", "first barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    if (lane == 0) partial[sg]", "if (lane == 0) partial[sg]", 1),
        ("norm", "second barrier dropped", "partial[sg] = value;\n    threadgroup_barrier(mem_flags::mem_threadgroup);", "partial[sg] = value;", 1),
        ("norm", "barrier of the wrong memory", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    return", "threadgroup_barrier(mem_flags::mem_device);\n    return", 1),
        ("norm", "wrong lane writes", "if (lane == 0) partial[sg]", "if (lane == 1) partial[0]", 1),
        ("norm", "a simdgroup too few", "lane < simdgroups ? partial", "lane + 1 < simdgroups ? partial", 1),
        ("norm", "reads behind what was written", "lane < simdgroups ? partial[lane] : 0.0f", "partial[lane]", 1),
        ("norm", "end off by one", "for (uint i = tid; i < length; i += threads) { const", "for (uint i = tid; i <= length; i += threads) { const", 1),
        ("norm", "wrong stride", "const uint threads = (uint)simdgroups * SIMD;", "const uint threads = SIMD;", 0),
        ("norm", "weights of the first group", "args.sharesWeight ? 0 : group * args.length", "0", 1),
        ("norm", "epsilon left out", "squares / (float)length + epsilon", "squares / (float)length", 1),
        ("norm", "mean not taken away", "(x[i] - m.x) * m.y", "x[i] * m.y", 1),
        ("attention", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);", "", 1),
        ("attention", "keys by turns, wrong turn", "j += GROUPS", "j += GROUPS + 1", 1),
        ("attention", "last key left out", "min(last + 1, (part + 1)", "min(last, (part + 1)", 1),
        ("attention", "a key too many", "min(last + 1, (part + 1)", "min(last + 2, (part + 1)", 1),
        ("attention", "window off by one", "last + 1 - args.window : 0", "last - args.window : 0", 1),
        ("attention", "wrong key head", "head / (args.heads / args.keyHeads)", "head % args.keyHeads", 1),
        ("attention", "block not looked up", "block_of(slabs, table[j / args.blockTokens],", "block_of(slabs, (int)(j / args.blockTokens),", 1),
        ("attention", "wrong entry of a block", "j % args.blockTokens", "j / args.blockTokens", 1),
        ("attention", "sum not rescaled", "sum = sum * old + p;", "sum = sum + p;", 1),
        ("attention", "output not rescaled", "out[i] = out[i] * old + p", "out[i] = out[i] + p", 1),
        ("attention", "cap before the sum", "cap_of(simd_sum(score), args.cap)", "simd_sum(cap_of(score, args.cap))", 1),
        ("attention", "tail of a head read", "if (e < KEY) score", "score", 1),
        ("attention", "sink without its share", "l = l * exp(m - top) + exp(sinks[head] - top);", "l = l * exp(m - top);", 1),
        ("attention", "part in another's place", "(target * args.partitions + at.z)", "(target * args.partitions)", 1),
        ("attention", "merge forgets the factor", "v += one[at.x] * f;", "v += one[at.x];", 1),
        ("attention", "early return before the barrier", "float query[KEYS_A_LANE]", "if (first + sg >= end) return;\n    float query[KEYS_A_LANE]", 1),
        ("choice", "later of equal ones", "(a == b && i < j)", "(a == b && i > j)", 1),
        ("choice", "half of the lanes", "for (ushort d = SIMD / 2; d > 0", "for (ushort d = SIMD / 4; d > 0", 1),
        ("choice", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    for (ushort g", "for (ushort g", 1),
        ("choice", "one simdgroup only", "g < THREADS / SIMD; ++g", "g < 1; ++g", 1),
        ("choice", "first barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    if (lane == 0) { values", "if (lane == 0) { values", 1),
        ("choice", "part in another's place", "((ulong)at.y * args.parts + at.x) * args.count", "((ulong)at.y * args.parts) * args.count", 1),
        ("choice", "last part left out", "all = args.parts * count", "all = (args.parts - 1) * count", 1),
        ("choice", "what is no number is passed over", "if (!(v[h] < INFINITY)) v[h] = INFINITY;", "", 1),
        ("choice", "row not looked up", "(ulong)rows[at.y] * args.width", "(ulong)at.y * args.width", 1),
        ("prefill", "barrier behind the keys dropped", "KEY8, args, entries, tid);\n        threadgroup_barrier(mem_flags::mem_threadgroup);", "KEY8, args, entries, tid);", 1),
        ("prefill", "values over keys that are still read", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        bring(slabs, table, args.valueStart", "bring(slabs, table, args.valueStart", 1),
        ("prefill", "barrier behind the weights dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        simdgroup_float8x8 factor;", "simdgroup_float8x8 factor;", 1),
        ("prefill", "keys over values that are still read", "        threadgroup_barrier(mem_flags::mem_threadgroup);\n    }\n\n    threadgroup float * tile", "    }\n\n    threadgroup float * tile", 1),
        ("prefill", "output not rescaled", "simdgroup_multiply(out[n], factor, out[n]);", "", 1),
        ("prefill", "sum not rescaled", "sum[n] = sum[n] * old +", "sum[n] = sum[n] +", 1),
        ("prefill", "a later key is seen", "entry <= index &&", "entry <= index + 1 &&", 1),
        ("prefill", "its own key is not seen", "entry <= index &&", "entry < index &&", 1),
        ("prefill", "window of the oldest query", "entry >= first_seen(index, args.window)", "true", 1),
        ("prefill", "what stands behind the end is read", "if (j < end && e < length)", "if (j < end + 3 && e < length)", 1),
        ("prefill", "keys not transposed", "KEY8, ulong2(0), true)", "KEY8)", 1),
        ("prefill", "block not looked up", "block_of(slabs, table[j / args.blockTokens],", "block_of(slabs, (int)(j / args.blockTokens),", 1),
        ("prefill", "cap before the scale", "cap_of(scores[r * KEYS + lane] * args.scale, args.cap)", "cap_of(scores[r * KEYS + lane], args.cap) * args.scale", 1),
        ("prefill", "rows of the next tile written", "i < count * VALUE", "i < QUERIES * VALUE", 1),
        ("matmul", "barrier before the product dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        for (short kb", "for (short kb", 1),
        ("matmul", "barrier behind the product dropped", "        threadgroup_barrier(mem_flags::mem_threadgroup);\n    }\n\n    threadgroup float", "    }\n\n    threadgroup float", 1),
        ("matmul", "not transposed", ", 8, ulong2(0), true)", ", 8)", 1),
        ("matmul", "swapped halves of a block row", "(n / 8) * 4 + kw * 2", "(n / 8) * 4 + (1 - kw) * 2", 1),
        ("matmul", "wrong quadrant", "const ushort sn = (sg % 2) * 4, sm = (sg / 2) * 2;", "const ushort sn = (sg / 2) * 4, sm = (sg % 2);", 1),
        ("matmul", "rows behind the end not masked", "if (n < rows) load16", "if (true) load16", 1),
        ("matmul", "results behind the end not masked", "if (i % 64u < rows && i / 64u < inputs) finish", "if (i % 64u < rows) finish", 1),
        ("matmul f32", "columns behind the end read", "at * 16 + i < columns ? weight_of(", "true ? weight_of(", 1),
        ("attention", "buffers exchanged", "(i == 4 ? s.c4 : s.c5)", "(i == 5 ? s.c4 : s.c5)", 1),
        ("attention", "number of the buffer left in the block's", "((1u << SLAB_SHIFT) - 1)", "((1u << (SLAB_SHIFT + 1)) - 1)", 1),
        ("copies", "from and to exchanged", "pairs[2 * i + 1], args.blockStride)[at] = block_of(slabs, pairs[2 * i],", "pairs[2 * i], args.blockStride)[at] = block_of(slabs, pairs[2 * i + 1],", 1),
        ("copies", "one pair only", "i < args.count; ++i", "i < 1; ++i", 1),
        ("encoder", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);", "", 1),
        ("encoder", "the row behind the last", "j < end; j += GROUPS", "j <= end; j += GROUPS", 1),
        ("encoder", "a reach too short", "end = min(end, row + args.window + 1);", "end = min(end, row + args.window);", 1),
        ("encoder", "other sequences seen", "end = min(end, row + args.window + 1);", "end = row + args.window + 1;", 1),
        ("encoder", "wrong key head", "keys + ((ulong)j * args.keyHeads + kv) * KEY", "keys + (ulong)j * args.keyHeads * KEY", 1),
        ("encoder", "output not rescaled", "out[i] = out[i] * old + p", "out[i] = out[i] + p", 1),
        ("pool", "first for last", "args.offset == POOL_LAST", "args.offset == POOL_LAST + 1", 1),
        ("pool", "the row behind the last", "row < end; ++row", "row <= end; ++row", 1),
        ("pool", "sum for mean", "sum / (float)(end - first)", "sum", 1),
        ("concat", "group of the other half", "b[row * right * args.groups + g * right + e - left]", "b[row * right * args.groups + g * left + e - left]", 1),
        ("concat", "shared half by group", "b[row * right + e - left]", "b[row * right + g * right + e - left]", 1),
        ("heads", "matrix of the first head", "accumulate<NC>(w, (ulong)at.z * args.rows + row,", "accumulate<NC>(w, row,", 1),
        ("heads", "columns of the first head", "x + (ulong)input * args.inputStride + at.z * args.columns", "x + (ulong)input * args.inputStride", 1),
        ("heads", "outputs of the first head", "input + c, bias, residual, y + at.z * args.rows, args)", "input + c, bias, residual, y, args)", 1),
        ("heads", "tile of the first head", "multiply_tile<false>(w, (ulong)at.z * args.rows + n0", "multiply_tile<false>(w, (ulong)n0", 1),
        ("experts", "barrier behind the counts dropped", "threadgroup_barrier(mem_flags::mem_device);\n    if (tid == 0)", "if (tid == 0)", 1),
        ("experts", "barrier of the wrong memory", "threadgroup_barrier(mem_flags::mem_device);\n    for (uint e", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    for (uint e", 1),
        ("experts", "rest of an expert left out", "i < n; i += 32", "i + 31 < n; i += 32", 1),
        ("experts", "place of the expert before", "tile[1] = first + i;", "tile[1] = i;", 1),
        ("experts", "tiles that are not there", "if (at.y >= (uint)tiles[0]) return;", "if (at.y > (uint)tiles[0]) return;", 1),
        ("experts", "row of a product", "(uint)list[m] / shares : m", "(uint)list[m] : m", 1),
        ("experts", "bias of the first expert", "expert * args.rows + n0 + i % 64, (uint)products", "n0 + i % 64, (uint)products", 1),
        ("experts", "matrix of the next expert", "(ulong)expert * args.rows + n0, rows, x, args.inputStride, inputs, products", "(ulong)(expert + 1) * args.rows + n0, rows, x, args.inputStride, inputs, products", 1),
        ("q4_0", "nibbles exchanged", "(float)(w & 0x00F0)", "(float)(w & 0x000F)", 1),
        ("q4_0", "zero point off by one", "8.0f * s.x", "7.0f * s.x", 1),
        ("q4_0", "wrong factor", "1.0f / 4096", "1.0f / 2048", 1),
        ("q5_0", "fifth bit of the other half", "(low >> i & 1) ? v[i] * 16.0f", "(high >> i & 1) ? v[i] * 16.0f", 1),
        ("q8_0", "wrong lane's share", "b->qs + il * 16;\n    float", "b->qs + il * 15;\n    float", 1),
        ("q2_k", "scale of the next group", "b->scales + n * 8 + part / 4", "b->scales + n * 8 + part / 2", 1),
        ("q3_k", "third bits of the other half", "b->hmask[part * 4 + j] >> (n * 4)", "b->hmask[part * 4 + j]", 1),
        ("q4_k", "upper bits of scales left out", "(p[g + 4] & 15) | (p[g - 4] >> 6) << 4", "(p[g + 4] & 15)", 1),
        ("q4_k", "minimum's sign", "- (float)b->dmin * (low.y * s.x", "+ (float)b->dmin * (low.y * s.x", 1),
        ("q5_k", "fifth bits of the next pair", "h[i] >> (2 * pair)", "h[i] >> (2 * pair + 1)", 1),
        ("q6_k", "two bits of the wrong value", "(t & 12) << 2", "(t & 3) << 4", 1),
        ("iq4_xs", "scale's top bits left out", "| (b->scales_h >> (g * 2) & 3) << 4", "", 1),
        ("mxfp4", "exponent off by one", "(e - 1) << 23", "e << 23", 1),
        ("f32", "stride of a simdgroup", "i < columns; i += SIMD", "i < columns; i += SIMD + 1", 1),
        ("f32", "row behind the last read", "(row + min((uint)r, rows - 1)) * columns", "(row + (uint)r) * columns", 1),
        ("f32", "output of a row that is not there", "(uint)r < rows && (uint)c < inputs", "(uint)c < inputs", 1),
        ("f32", "bias left out", "if (args.hasBias) sum += bias[biasRow];", "", 1),
    ];

    private static readonly (string Check, string Name, string Find, string Replace, int Occurrence)[] Variants =
    [
        ("norm", "both memories in a barrier", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    return", "threadgroup_barrier(mem_flags::mem_threadgroup | mem_flags::mem_device);\n    return", 1),
        ("attention", "one more barrier", "float m = -INFINITY, l = 0.0f;\n    for (short g", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    float m = -INFINITY, l = 0.0f;\n    for (short g", 1),
        ("choice", "one more barrier", "const ulong target = ((ulong)at.y", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    const ulong target = ((ulong)at.y", 1),
        ("prefill", "one more barrier", "simdgroup_float8x8 factor;", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        simdgroup_float8x8 factor;", 1),
        ("q8_0", "a loop's type", "for (short i = 0; i < 16; ++i) sum +=", "for (int i = 0; i < 16; ++i) sum +=", 1),
    ];

    public static TheoryData<string> BugNames => [.. Bugs.Select(b => $"{b.Check}: {b.Name}")];

    public static TheoryData<string> VariantNames => [.. Variants.Select(b => $"{b.Check}: {b.Name}")];

    [Theory, MemberData(nameof(BugNames))]
    public void A_seeded_bug_is_found(string bug) => Verify(Bugs.Single(b => $"{b.Check}: {b.Name}" == bug), BugExpectation.Caught);

    [Theory, MemberData(nameof(VariantNames))]
    public void A_harmless_variant_passes(string variant) => Verify(Variants.Single(b => $"{b.Check}: {b.Name}" == variant), BugExpectation.Harmless);

    private static void Verify((string Check, string Name, string Find, string Replace, int Occurrence) edit, BugExpectation expected)
    {
        LongTests.Require();
        Action<Gpu> check = Checks.GetValueOrDefault(edit.Check) ?? (gpu => ProductTests.Check(gpu, edit.Check, tiles: false));
        MutationRun.Verify(new SeededBug(edit.Name, $"{edit.Check}.metal", edit.Find, edit.Replace) { Occurrence = edit.Occurrence, Expected = expected }, session =>
        {
            using Gpu gpu = new(session, isOwner: false);
            check(gpu);
        });
    }
}
