// Mixtures: which experts a row takes and with what weights, and the sum of what they made. Of equal scores the lower expert is chosen.

inline float chosen_by(device const float * scores, device const float * bias, bool biased, uint e) { return scores[e] + (biased ? bias[e] : 0.0f); }

// One thread for each row. scores is room for a float for each expert of each row.
kernel void choose_experts(device const float * logits [[buffer(0)]], device const float * bias [[buffer(1)]], device float * scores [[buffer(2)]], device int * chosen [[buffer(3)]], device float * weights [[buffer(4)]],
    device const int * count [[buffer(5)]], constant ChoiceArguments & args [[buffer(6)]], uint row [[thread_position_in_grid]])
{
    if (row >= (uint)count[0]) return;
    device const float * x = logits + (ulong)row * args.experts;
    device float * s = scores + (ulong)row * args.experts;
    float top = -INFINITY, sum = 0.0f;
    for (uint e = 0; e < args.experts; ++e) top = max(top, x[e]);
    if (args.scoring == 0) for (uint e = 0; e < args.experts; ++e) sum += exp(x[e] - top);
    for (uint e = 0; e < args.experts; ++e) s[e] = args.scoring == 0 ? exp(x[e] - top) / sum : args.scoring == 1 ? x[e] : 1.0f / (1.0f + exp(-x[e]));

    ulong open = 0;
    const uint size = args.experts / args.groups;
    for (uint n = 0; n < args.groupsUsed; ++n) {
        float best = -INFINITY;
        uint which = args.groups;
        for (uint g = 0; g < args.groups; ++g) {
            if (open >> g & 1) continue;
            float one = -INFINITY, two = -INFINITY;
            for (uint e = g * size; e < (g + 1) * size; ++e) {
                const float v = chosen_by(s, bias, args.hasBias != 0, e);
                if (v > one) { two = one; one = v; } else two = max(two, v);
            }
            const float judged = args.groupScoring == 0 || size == 1 ? one : one + two;
            if (which == args.groups || judged > best) { best = judged; which = g; }
        }
        open |= (ulong)1 << which;
    }

    device int * mine = chosen + (ulong)row * args.used;
    device float * w = weights + (ulong)row * args.used;
    for (uint n = 0; n < args.used; ++n) {
        float best = -INFINITY;
        uint which = args.experts;
        for (uint e = 0; e < args.experts; ++e) {
            if (!(open >> (e / size) & 1)) continue;
            bool taken = false;
            for (uint i = 0; i < n; ++i) taken = taken || (uint)mine[i] == e;
            const float v = chosen_by(s, bias, args.hasBias != 0, e);
            if (!taken && (which == args.experts || v > best)) { best = v; which = e; }
        }
        mine[n] = (int)which;
    }
    for (uint n = 0; n < args.used; ++n) w[n] = s[mine[n]];
    if (args.scoring == 1) {
        float most = -INFINITY;
        for (uint n = 0; n < args.used; ++n) most = max(most, w[n]);
        for (uint n = 0; n < args.used; ++n) w[n] = exp(w[n] - most);
    }
    if (args.scoring == 1 || args.normalizes) {
        float all = 0.0f;
        for (uint n = 0; n < args.used; ++n) all += w[n];
        for (uint n = 0; n < args.used; ++n) w[n] /= all;
    }
    for (uint n = 0; n < args.used; ++n) w[n] *= args.scale;
}

kernel void sum_experts(device const float * x [[buffer(0)]], device const float * weights [[buffer(1)]], device float * y [[buffer(2)]], constant ElementArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    if (at.x >= args.width) return;
    float sum = 0.0f;
    for (uint n = 0; n < args.groups; ++n) sum += weights[at.y * args.groups + n] * x[((ulong)at.y * args.groups + n) * args.width + at.x];
    y[(ulong)at.y * args.width + at.x] = sum;
}

// Sorts products by their expert, in order within each, and cuts what each has into tiles of at most 32. One threadgroup; a thread takes experts by turns. room is for a number for each expert.
kernel void list_experts(device const int * chosen [[buffer(0)]], device const int * count [[buffer(1)]], device int * room [[buffer(2)]], device int * list [[buffer(3)]], device int * tiles [[buffer(4)]], constant ChoiceArguments & args [[buffer(5)]],
    ushort tid [[thread_index_in_threadgroup]], ushort size [[threads_per_threadgroup]])
{
    const uint products = (uint)count[0] * args.used;
    for (uint e = tid; e < args.experts; e += size) {
        int n = 0;
        for (uint i = 0; i < products; ++i) n += (uint)chosen[i] == e ? 1 : 0;
        room[e] = n;
    }
    threadgroup_barrier(mem_flags::mem_device);
    if (tid == 0) {
        int first = 0, made = 0;
        for (uint e = 0; e < args.experts; ++e) {
            const int n = room[e];
            for (int i = 0; i < n; i += 32) {
                device int * tile = tiles + 1 + 3 * made++;
                tile[0] = (int)e;
                tile[1] = first + i;
                tile[2] = min(n - i, 32);
            }
            room[e] = first;
            first += n;
        }
        tiles[0] = made;
    }
    threadgroup_barrier(mem_flags::mem_device);
    for (uint e = tid; e < args.experts; e += size) {
        int at = room[e];
        for (uint i = 0; i < products; ++i) if ((uint)chosen[i] == e) list[at++] = (int)i;
    }
}
