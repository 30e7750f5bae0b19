namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>An edit of the kernels' text.</summary>
/// <param name="Check">The test that is to find it, or not: one of <see cref="MutationTests"/>'s, or a type's products.</param>
/// <param name="Name">What is wrong.</param>
/// <param name="Find">The text that is replaced.</param>
/// <param name="Replace">What replaces it.</param>
/// <param name="Occurrence">Which of the places is edited; 0: all.</param>
internal sealed record Edit(string Check, string Name, string Find, string Replace, int Occurrence = 1)
{
    public override string ToString() => $"{Check}: {Name}";
}

/// <summary>Seeded bugs of every family of kernels, and edits that are none.</summary>
internal static class MutationCases
{
    /// <summary>Bugs that every run seeds.</summary>
    public static readonly Edit[] Bugs =
    [
        new("norm", "first barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    if (lane == 0) partial[sg]", "if (lane == 0) partial[sg]"),
        new("norm", "second barrier dropped", "partial[sg] = value;\n    threadgroup_barrier(mem_flags::mem_threadgroup);", "partial[sg] = value;"),
        new("norm", "barrier of the wrong memory", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    return", "threadgroup_barrier(mem_flags::mem_device);\n    return"),
        new("norm", "wrong lane writes", "if (lane == 0) partial[sg]", "if (lane == 1) partial[0]"),
        new("norm", "a simdgroup too few", "lane < simdgroups ? partial", "lane + 1 < simdgroups ? partial"),
        new("norm", "reads behind what was written", "lane < simdgroups ? partial[lane] : 0.0f", "partial[lane]"),
        new("norm", "end off by one", "for (uint i = tid; i < length; i += threads) { const", "for (uint i = tid; i <= length; i += threads) { const"),
        new("norm", "wrong stride", "const uint threads = (uint)simdgroups * SIMD;", "const uint threads = SIMD;", 0),
        new("norm", "weights of the first group", "args.sharesWeight ? 0 : group * args.length", "0"),
        new("norm", "epsilon left out", "squares / (float)length + epsilon", "squares / (float)length"),
        new("norm", "mean not taken away", "(x[i] - m.x) * m.y", "x[i] * m.y"),
        new("attention", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);", ""),
        new("attention", "last key left out", "min(last + 1, (part + 1)", "min(last, (part + 1)"),
        new("attention", "window off by one", "last + 1 - args.window : 0", "last - args.window : 0"),
        new("attention", "block not looked up", "block_of(slabs, table[j / args.blockTokens],", "block_of(slabs, (int)(j / args.blockTokens),"),
        new("attention", "sum not rescaled", "sum = sum * old + p;", "sum = sum + p;"),
        new("attention", "early return before the barrier", "float query[KEYS_A_LANE]", "if (first + sg >= end) return;\n    float query[KEYS_A_LANE]"),
        new("choice", "later of equal ones", "(a == b && i < j)", "(a == b && i > j)"),
        new("choice", "half of the lanes", "for (ushort d = SIMD / 2; d > 0", "for (ushort d = SIMD / 4; d > 0"),
        new("choice", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    for (ushort g", "for (ushort g"),
        new("choice", "one simdgroup only", "g < THREADS / SIMD; ++g", "g < 1; ++g"),
        new("choice", "first barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    if (lane == 0) { values", "if (lane == 0) { values"),
        new("choice", "part in another's place", "((ulong)at.y * args.parts + at.x) * args.count", "((ulong)at.y * args.parts) * args.count"),
        new("choice", "last part left out", "all = args.parts * count", "all = (args.parts - 1) * count"),
        new("choice", "what is no number is passed over", "if (!(v[h] < INFINITY)) v[h] = INFINITY;", ""),
        new("choice", "row not looked up", "(ulong)rows[at.y] * args.width", "(ulong)at.y * args.width"),
        new("prefill", "barrier behind the keys dropped", "KEY8, args, entries, tid);\n        threadgroup_barrier(mem_flags::mem_threadgroup);", "KEY8, args, entries, tid);"),
        new("prefill", "a later key is seen", "entry <= index &&", "entry <= index + 1 &&"),
        new("prefill", "keys not transposed", "KEY8, ulong2(0), true)", "KEY8)"),
        new("prefill", "rows of the next tile written", "i < count * VALUE", "i < QUERIES * VALUE"),
        new("matmul", "barrier before the product dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        for (short kb", "for (short kb"),
        new("matmul", "results behind the end not masked", "if (i % 64u < rows && i / 64u < inputs) finish", "if (i % 64u < rows) finish"),
        new("copies", "from and to exchanged", "pairs[2 * i + 1], args.blockStride)[at] = block_of(slabs, pairs[2 * i],", "pairs[2 * i], args.blockStride)[at] = block_of(slabs, pairs[2 * i + 1],"),
        new("copies", "one pair only", "i < args.count; ++i", "i < 1; ++i"),
        new("elements", "threads behind the row's end", "if (at.x >= args.width) return;", ""),
        new("elements", "factor left out", "x[i] * args.factor", "x[i]"),
        new("elements", "part of the group before", "(at.x / part) * whole", "(at.x / part) * part"),
        new("elements", "row not looked up", "x[(ulong)numbers[at.y] * args.width", "x[(ulong)at.y * args.width"),
        new("rotation", "other pairing", "interleaved ? (i ^ 1)", "!interleaved ? (i ^ 1)"),
        new("rotation", "offset left out", "head[offset + other]", "head[other]"),
        new("rotation", "a pair too few", "e >= offset + 2 * pairs", "e >= offset + 2 * pairs - 1"),
        new("rotation", "turns of the first row", "keyTurns + (ulong)row * 4", "keyTurns + (ulong)0 * 4"),
        new("rotation", "entry of the next head", "args.valueStart + ((ulong)(i / vl) * args.blockTokens + entry)", "args.valueStart + ((ulong)(i / vl + 1) * args.blockTokens + entry)"),
        new("rotation", "sequence of the first row", "tables[(ulong)slots[row] * args.tableLength", "tables[(ulong)slots[0] * args.tableLength"),
        new("routing", "every group open", "open |= (ulong)1 << which", "open = ~(ulong)0"),
        new("routing", "bias in the weights", "w[n] = s[mine[n]]", "w[n] = chosen_by(s, bias, args.hasBias != 0, (uint)mine[n])"),
        new("routing", "an expert twice", "if (!taken && (which", "if ((which"),
        new("routing", "a row too many", "if (row >= (uint)count[0]) return;", "if (row > (uint)count[0]) return;"),
        new("routing", "best alone for the two best", "size == 1 ? one : one + two", "size == 1 ? one : one"),
        new("routing", "weights of the first row", "weights[at.y * args.groups + n]", "weights[n]"),
        new("encoder", "barrier dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);", ""),
        new("encoder", "the row behind the last", "j < end; j += GROUPS", "j <= end; j += GROUPS"),
        new("encoder", "a reach too short", "end = min(end, row + args.window + 1);", "end = min(end, row + args.window);"),
        new("encoder", "other sequences seen", "end = min(end, row + args.window + 1);", "end = row + args.window + 1;"),
        new("encoder", "wrong key head", "keys + ((ulong)j * args.keyHeads + kv) * KEY", "keys + (ulong)j * args.keyHeads * KEY"),
        new("encoder", "output not rescaled", "out[i] = out[i] * old + p", "out[i] = out[i] + p"),
        new("pool", "first for last", "args.offset == POOL_LAST", "args.offset == POOL_LAST + 1"),
        new("pool", "the row behind the last", "row < end; ++row", "row <= end; ++row"),
        new("pool", "sum for mean", "sum / (float)(end - first)", "sum"),
        new("concat", "group of the other half", "b[row * right * args.groups + g * right + e - left]", "b[row * right * args.groups + g * left + e - left]"),
        new("concat", "shared half by group", "b[row * right + e - left]", "b[row * right + g * right + e - left]"),
        new("heads", "matrix of the first head", "accumulate<NC>(w, (ulong)at.z * args.rows + row,", "accumulate<NC>(w, row,"),
        new("experts", "barrier behind the counts dropped", "threadgroup_barrier(mem_flags::mem_device);\n    if (tid == 0)", "if (tid == 0)"),
        new("experts", "barrier of the wrong memory", "threadgroup_barrier(mem_flags::mem_device);\n    for (uint e", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    for (uint e"),
        new("experts", "matrix of the next expert", "(ulong)expert * args.rows + n0, rows, x, args.inputStride, inputs, products", "(ulong)(expert + 1) * args.rows + n0, rows, x, args.inputStride, inputs, products"),
        new("q8_0", "wrong lane's share", "b->qs + il * 16;\n    float", "b->qs + il * 15;\n    float"),
        new("q4_k", "upper bits of scales left out", "(p[g + 4] & 15) | (p[g - 4] >> 6) << 4", "(p[g + 4] & 15)"),
        new("f32", "stride of a simdgroup", "i < columns; i += SIMD", "i < columns; i += SIMD + 1"),
        new("f32", "output of a row that is not there", "(uint)r < rows && (uint)c < inputs", "(uint)c < inputs"),
    ];

    /// <summary>Bugs of the texts that take longest to compile and to run.</summary>
    public static readonly Edit[] MoreBugs =
    [
        new("attention", "keys by turns, wrong turn", "j += GROUPS", "j += GROUPS + 1"),
        new("attention", "a key too many", "min(last + 1, (part + 1)", "min(last + 2, (part + 1)"),
        new("attention", "wrong key head", "head / (args.heads / args.keyHeads)", "head % args.keyHeads"),
        new("attention", "wrong entry of a block", "j % args.blockTokens", "j / args.blockTokens"),
        new("attention", "output not rescaled", "out[i] = out[i] * old + p", "out[i] = out[i] + p"),
        new("attention", "cap before the sum", "cap_of(simd_sum(score), args.cap)", "simd_sum(cap_of(score, args.cap))"),
        new("attention", "tail of a head read", "if (e < KEY) score", "score"),
        new("attention", "sink without its share", "l = l * exp(m - top) + exp(sinks[head] - top);", "l = l * exp(m - top);"),
        new("attention", "part in another's place", "(target * args.partitions + at.z)", "(target * args.partitions)"),
        new("attention", "merge forgets the factor", "v += one[at.x] * f;", "v += one[at.x];"),
        new("prefill", "values over keys that are still read", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        bring(slabs, table, args.valueStart", "bring(slabs, table, args.valueStart"),
        new("prefill", "barrier behind the weights dropped", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        simdgroup_float8x8 factor;", "simdgroup_float8x8 factor;"),
        new("prefill", "keys over values that are still read", "        threadgroup_barrier(mem_flags::mem_threadgroup);\n    }\n\n    threadgroup float * tile", "    }\n\n    threadgroup float * tile"),
        new("prefill", "output not rescaled", "simdgroup_multiply(out[n], factor, out[n]);", ""),
        new("prefill", "sum not rescaled", "sum[n] = sum[n] * old +", "sum[n] = sum[n] +"),
        new("prefill", "its own key is not seen", "entry <= index &&", "entry < index &&"),
        new("prefill", "window of the oldest query", "entry >= first_seen(index, args.window)", "true"),
        new("prefill", "what stands behind the end is read", "if (j < end && e < length)", "if (j < end + 3 && e < length)"),
        new("prefill", "block not looked up", "block_of(slabs, table[j / args.blockTokens],", "block_of(slabs, (int)(j / args.blockTokens),"),
        new("prefill", "cap before the scale", "cap_of(scores[r * KEYS + lane] * args.scale, args.cap)", "cap_of(scores[r * KEYS + lane], args.cap) * args.scale"),
        new("matmul", "barrier behind the product dropped", "        threadgroup_barrier(mem_flags::mem_threadgroup);\n    }\n\n    threadgroup float", "    }\n\n    threadgroup float"),
        new("matmul", "not transposed", ", 8, ulong2(0), true)", ", 8)"),
        new("matmul", "swapped halves of a block row", "(n / 8) * 4 + kw * 2", "(n / 8) * 4 + (1 - kw) * 2"),
        new("matmul", "wrong quadrant", "const ushort sn = (sg % 2) * 4, sm = (sg / 2) * 2;", "const ushort sn = (sg / 2) * 4, sm = (sg % 2);"),
        new("matmul", "rows behind the end not masked", "if (n < rows) load16", "if (true) load16"),
        new("matmul f32", "columns behind the end read", "at * 16 + i < columns ? weight_of(", "true ? weight_of("),
        new("attention", "buffers exchanged", "(i == 4 ? s.c4 : s.c5)", "(i == 5 ? s.c4 : s.c5)"),
        new("attention", "number of the buffer left in the block's", "((1u << SLAB_SHIFT) - 1)", "((1u << (SLAB_SHIFT + 1)) - 1)"),
        new("heads", "columns of the first head", "x + (ulong)input * args.inputStride + at.z * args.columns", "x + (ulong)input * args.inputStride"),
        new("heads", "outputs of the first head", "input + c, bias, residual, y + at.z * args.rows, args)", "input + c, bias, residual, y, args)"),
        new("heads", "tile of the first head", "multiply_tile<false>(w, (ulong)at.z * args.rows + n0", "multiply_tile<false>(w, (ulong)n0"),
        new("experts", "rest of an expert left out", "i < n; i += 32", "i + 31 < n; i += 32"),
        new("experts", "place of the expert before", "tile[1] = first + i;", "tile[1] = i;"),
        new("experts", "tiles that are not there", "if (at.y >= (uint)tiles[0]) return;", "if (at.y > (uint)tiles[0]) return;"),
        new("experts", "row of a product", "(uint)list[m] / shares : m", "(uint)list[m] : m"),
        new("experts", "bias of the first expert", "expert * args.rows + n0 + i % 64, (uint)products", "n0 + i % 64, (uint)products"),
        new("q4_0", "nibbles exchanged", "(float)(w & 0x00F0)", "(float)(w & 0x000F)"),
        new("q4_0", "zero point off by one", "8.0f * s.x", "7.0f * s.x"),
        new("q4_0", "wrong factor", "1.0f / 4096", "1.0f / 2048"),
        new("q5_0", "fifth bit of the other half", "(low >> i & 1) ? v[i] * 16.0f", "(high >> i & 1) ? v[i] * 16.0f"),
        new("q2_k", "scale of the next group", "b->scales + n * 8 + part / 4", "b->scales + n * 8 + part / 2"),
        new("q3_k", "third bits of the other half", "b->hmask[part * 4 + j] >> (n * 4)", "b->hmask[part * 4 + j]"),
        new("q4_k", "minimum's sign", "- (float)b->dmin * (low.y * s.x", "+ (float)b->dmin * (low.y * s.x"),
        new("q5_k", "fifth bits of the next pair", "h[i] >> (2 * pair)", "h[i] >> (2 * pair + 1)"),
        new("q6_k", "two bits of the wrong value", "(t & 12) << 2", "(t & 3) << 4"),
        new("iq4_xs", "scale's top bits left out", "| (b->scales_h >> (g * 2) & 3) << 4", ""),
        new("mxfp4", "exponent off by one", "(e - 1) << 23", "e << 23"),
        new("f32", "row behind the last read", "(row + min((uint)r, rows - 1)) * columns", "(row + (uint)r) * columns"),
        new("f32", "bias left out", "if (args.hasBias) sum += bias[biasRow];", ""),
    ];

    /// <summary>Harmless edits that every run makes.</summary>
    public static readonly Edit[] Variants =
    [
        new("norm", "both memories in a barrier", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    return", "threadgroup_barrier(mem_flags::mem_threadgroup | mem_flags::mem_device);\n    return"),
        new("choice", "one more barrier", "const ulong target = ((ulong)at.y", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    const ulong target = ((ulong)at.y"),
    ];

    /// <summary>More of them.</summary>
    public static readonly Edit[] MoreVariants =
    [
        new("attention", "one more barrier", "float m = -INFINITY, l = 0.0f;\n    for (short g", "threadgroup_barrier(mem_flags::mem_threadgroup);\n    float m = -INFINITY, l = 0.0f;\n    for (short g"),
        new("prefill", "one more barrier", "simdgroup_float8x8 factor;", "threadgroup_barrier(mem_flags::mem_threadgroup);\n        simdgroup_float8x8 factor;"),
        new("q8_0", "a loop's type", "for (short i = 0; i < 16; ++i) sum +=", "for (int i = 0; i < 16; ++i) sum +="),
    ];
}
