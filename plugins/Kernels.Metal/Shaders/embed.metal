// Rows of a matrix by number, times a factor. One thread for each 16 elements.

kernel void embed(weights_t w [[buffer(0)]], device const int * numbers [[buffer(1)]], device float * y [[buffer(2)]], constant EmbedArguments & args [[buffer(3)]], uint2 at [[thread_position_in_grid]])
{
    const uint first = at.x * 16;
    if (first >= args.width) return;
    float v[16];
    load16(w, (ulong)((uint)numbers[at.y] + args.offset), at.x, args.width, v);
    for (short i = 0; i < 16; ++i)
        if (first + i < args.width) y[(ulong)at.y * args.width + first + i] = v[i] * args.factor;
}
